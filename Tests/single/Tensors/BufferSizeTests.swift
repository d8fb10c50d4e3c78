import Diagnostics
import Layers
import Tensors
import Testing

/// Sizes of buffers and shapes that overflow, or that no machine has memory for.
@Suite(.commandLine) struct BufferSizeTests {
  @Test(arguments: [[4, 1 << 62], [1 << 32, 1 << 32], [3, -1], [1 << 45], [.max]])
  func aProductBeyondEveryMemoryIsRefused(_ factors: [Int]) {
    let text = factors.map(String.init).joined(separator: " × ")
    expectFailure(.usage, "beyond every memory", "at most 64.0 TiB", "\(text) numbers", "remedy") {
      _ = try BufferSize(factors, stride: 4, for: .loss)
    }
  }

  @Test func aSmallProductIsTakenInWholeLines() throws {
    let size = try BufferSize([3, 5, 2], stride: 4, for: .loss)
    #expect(size.count == 30 && size.bytes == 128)
    #expect(try BufferSize([0, 1 << 62], stride: 4, for: .loss).bytes == 64)
  }

  @Test func buffersAndArenasTakeFactors() throws {
    let buffer = try AlignedBuffer<Float>(3, 5, for: .loss)
    #expect(buffer.count == 15 && buffer.elements.allSatisfy { $0 == 0 })
    let arena = BufferArena(for: .activations)
    let taken: AlignedBuffer<Float> = try arena.take(4, 16)
    #expect(taken.count == 64 && arena.bytes == 256)
    expectFailure(.usage, "beyond every memory") { let _: AlignedBuffer<Float> = try arena.take(1 << 40, 1 << 40) }
    #expect(arena.bytes == 256)
  }

  @Test func shapesSaturate() throws {
    let shape = TensorShape(samples: 4, channels: 1 << 62)
    #expect(shape.count == .max && shape.floats == .max)
    #expect(TensorShape(samples: 1, channels: 2, spatial: [1 << 40, 1 << 40], element: .bfloat16).floats == 1 << 62)
    expectFailure(.usage, "beyond every memory", "4 samples of 4611686018427387904") { _ = try shape.checked() }
    expectFailure(.usage, "beyond every memory") {
      _ = try TensorShape(samples: 64, channels: 512, spatial: [65536, 65536]).checked()
    }
    let usual = TensorShape(samples: 64, channels: 3, spatial: [224, 224])
    #expect(try usual.checked() == usual)
  }
}
