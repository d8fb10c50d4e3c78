import Foundation

/// Memory for buffers that live at different times: a plan takes them and gives them back in the order in which a pass
/// will use them, and later ones lie where earlier ones have been.
///
/// One range of addresses, of which only what was ever taken becomes memory, and that only when it is touched. A buffer
/// that was given back keeps its address: its holder may still use it at its own time in the pass. The content of
/// what is taken is whatever was left there. Not for several threads at once.
package final class BufferArena: @unchecked Sendable {
  package let use: MemoryUse
  /// Bytes that all buffers together need at most.
  package private(set) var bytes = 0
  private let start: UnsafeMutableRawPointer
  private let reserved: Int
  /// Ranges of offsets below `bytes` that nobody has, ascending, none next to another.
  private var free: [Range<Int>] = []

  package init(for use: MemoryUse) {
    self.use = use
    (start, reserved) = Self.reserve()
  }

  deinit {
    if bytes > 0 { MemoryLedger.process.remove(start, bytes: bytes, use) }
    munmap(start, reserved)
  }

  /// `count` elements: the smallest hole that is large enough, the lowest of several.
  package func take<Element: BitwiseCopyable>(
    _ count: Int, of _: Element.Type = Element.self
  ) -> AlignedBuffer<Element> {
    let size = Self.size(max(1, count) * MemoryLayout<Element>.stride)
    let fitting = free.indices.filter { free[$0].count >= size }.min { free[$0].count < free[$1].count }
    let offset: Int
    if let fitting {
      offset = free[fitting].lowerBound
      free[fitting] = offset + size..<free[fitting].upperBound
      if free[fitting].isEmpty { free.remove(at: fitting) }
    } else {
      // At the end, in a last hole that is too small if there is one.
      let last = free.last.flatMap { $0.upperBound == bytes ? $0 : nil }
      offset = last?.lowerBound ?? bytes
      if last != nil { free.removeLast() }
      grow(to: offset + size)
    }
    let pointer = (start + offset).bindMemory(to: Element.self, capacity: max(1, count))
    return AlignedBuffer(pointer, count: count, in: self)
  }

  /// Lets buffers that are taken from now on lie there. A buffer that is not its own, or was given back already,
  /// is a defect of the plan.
  package func giveBack<Element: BitwiseCopyable>(_ buffer: AlignedBuffer<Element>) {
    let offset = UnsafeMutableRawPointer(buffer.pointer) - start
    let range = offset..<offset + Self.size(max(1, buffer.count) * MemoryLayout<Element>.stride)
    let next = free.firstIndex { $0.lowerBound >= range.upperBound } ?? free.count
    precondition(
      buffer.arena === self && range.lowerBound >= (next > 0 ? free[next - 1].upperBound : 0)
        && range.upperBound <= bytes, "a buffer that was not taken is given back")
    free.insert(range, at: next)
    join(next)
    if next > 0 { join(next - 1) }
  }

  /// As if everything had been given back.
  package func clear() {
    free = bytes > 0 ? [0..<bytes] : []
  }

  /// Makes one hole of this one and the next where they touch.
  private func join(_ index: Int) {
    guard index + 1 < free.count, free[index].upperBound == free[index + 1].lowerBound else { return }
    free[index] = free[index].lowerBound..<free[index + 1].upperBound
    free.remove(at: index + 1)
  }

  private func grow(to end: Int) {
    guard end <= reserved, mprotect(start, end, PROT_READ | PROT_WRITE) == 0 else {
      fatalError("the system does not give \(end) bytes of memory")
    }
    if bytes > 0 { MemoryLedger.process.remove(start, bytes: bytes, use) }
    bytes = end
    MemoryLedger.process.enter(start, bytes: bytes, use, isMapped: true)
  }

  /// Whole lines of the cache.
  private static func size(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  /// Addresses without memory, fewer where the process may not have so many.
  private static func reserve() -> (UnsafeMutableRawPointer, Int) {
    var bytes = 1 << 42
    while bytes >= 1 << 30 {
      let raw = mmap(nil, bytes, PROT_NONE, MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE), -1, 0)
      if let raw, raw != MAP_FAILED { return (raw, bytes) }
      bytes /= 2
    }
    fatalError("the system gives no range of addresses")
  }
}
