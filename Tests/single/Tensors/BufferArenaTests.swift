import Tensors
import TestSupport
import Testing

/// An arena's buffers never overlap while they live, whatever the order in which they come and go.
@Suite struct BufferArenaTests {
  @Test func theSmallestHoleIsTakenAndHolesJoin() throws {
    let arena = BufferArena(for: .activations)
    let buffers: [AlignedBuffer<Float>] = try [160, 16, 80, 16].map { try arena.take($0) }
    #expect(arena.bytes == 272 * 4)
    arena.giveBack(buffers[0])
    arena.giveBack(buffers[2])
    let small: AlignedBuffer<Float> = try arena.take(70)
    #expect(small.pointer == buffers[2].pointer && small.count == 70)
    arena.giveBack(buffers[1])
    let large: AlignedBuffer<Float> = try arena.take(176)
    #expect(large.pointer == buffers[0].pointer)
    #expect(arena.bytes == 272 * 4)
    // A last hole that is too small grows.
    arena.giveBack(buffers[3])
    let last: AlignedBuffer<Float> = try arena.take(32)
    #expect(last.pointer == buffers[3].pointer && arena.bytes == 288 * 4)
  }

  @Test func anEmptyBufferHasAnAddress() throws {
    let arena = BufferArena(for: .activations)
    let (a, b): (AlignedBuffer<Float>, AlignedBuffer<UInt8>) = (try arena.take(0), try arena.take(1))
    #expect(UnsafeRawPointer(a.pointer) != UnsafeRawPointer(b.pointer))
    #expect(UInt(bitPattern: b.pointer) % 64 == 0)
  }

  @Test func nothingThatLivesOverlaps() throws {
    let arena = BufferArena(for: .activations)
    var stream = PhiloxStream(seed: 3, purpose: .initialisation, sample: 0)
    var live: [(buffer: AlignedBuffer<Float>, mark: Float)] = []
    for step in 0..<2000 {
      if !live.isEmpty, stream.uniform(in: 0...1) < 0.5 {
        let index = min(live.count - 1, Int(stream.uniform(in: 0...1) * Float(live.count)))
        let (buffer, mark) = live.remove(at: index)
        #expect(buffer.elements.allSatisfy { $0 == mark })
        arena.giveBack(buffer)
      } else {
        let buffer: AlignedBuffer<Float> = try arena.take(1 + Int(stream.uniform(in: 0...1) * 300))
        buffer.elements.update(repeating: Float(step))
        live.append((buffer, Float(step)))
      }
    }
    for (buffer, mark) in live { #expect(buffer.elements.allSatisfy { $0 == mark }) }
    for (buffer, _) in live { arena.giveBack(buffer) }
    let all: AlignedBuffer<UInt8> = try arena.take(arena.bytes)
    #expect(all.count == arena.bytes)
  }

  @Test func theLedgerKnowsTheFullestMoment() throws {
    let before = MemoryLedger.process.bytes[.loss, default: 0]
    do {
      let arena = BufferArena(for: .loss)
      let first: AlignedBuffer<Float> = try arena.take(1024)
      arena.giveBack(first)
      let _: AlignedBuffer<Float> = try arena.take(512)
      #expect(MemoryLedger.process.bytes[.loss, default: 0] - before == 4096)
    }
    #expect(MemoryLedger.process.bytes[.loss, default: 0] == before)
  }
}
