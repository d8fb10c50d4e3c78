import Diagnostics
import Foundation

/// Memory for buffers that live at different times: a plan takes them and gives them back in the order in which a pass
/// will use them, and later ones lie where earlier ones have been.
///
/// One range of addresses, of which only what was ever taken becomes memory, and that only when it is touched; several,
/// each as long as what needed it, where the addresses of a process are limited. A buffer that was given back keeps its
/// address: its holder may still use it at its own time in the pass. The content of what is taken is whatever was left
/// there. Not for several threads at once.
package final class BufferArena: @unchecked Sendable {
  package let use: MemoryUse
  private var ranges: [AddressRange] = []

  package init(for use: MemoryUse) { self.use = use }

  /// Bytes that all buffers together need at most.
  package var bytes: Int { ranges.reduce(0) { $0 + $1.bytes } }

  /// As many elements as the product of the factors: in the smallest hole that is large enough, the lowest of several.
  ///
  /// - Throws: as `AlignedBuffer.init` does.
  package func take<Element: BitwiseCopyable>(
    _ factors: Int..., of _: Element.Type = Element.self
  ) throws(Failure) -> AlignedBuffer<Element> {
    let size = try BufferSize(factors, stride: MemoryLayout<Element>.stride, for: use)
    let address = try address(of: size.bytes)
    let pointer = address.bindMemory(to: Element.self, capacity: max(1, size.count))
    return AlignedBuffer(pointer, count: size.count, in: self)
  }

  private func address(of size: Int) throws(Failure) -> UnsafeMutableRawPointer {
    let holes = ranges.compactMap { range in range.smallestHole(of: size).map { (range: range, size: $0) } }
    if let best = holes.min(by: { $0.size < $1.size }) { return best.range.takeHole(of: size) }
    if let address = ranges.last?.grow(by: size) { return address }
    guard let range = AddressRange(for: use, atLeast: size), let address = range.grow(by: size) else {
      throw .noMemory(size, for: use)
    }
    ranges.append(range)
    return address
  }

  /// Lets buffers that are taken from now on lie there. A buffer that is not its own, or was given back already,
  /// is a defect of the plan.
  package func giveBack<Element: BitwiseCopyable>(_ buffer: AlignedBuffer<Element>) {
    let address = UnsafeMutableRawPointer(buffer.pointer)
    let bytes = max(1, buffer.count) * MemoryLayout<Element>.stride
    let size = (bytes + BufferSize.line - 1) / BufferSize.line * BufferSize.line
    let range = buffer.arena === self ? ranges.first { $0.contains(address) } : nil
    // Not a precondition, which a kernel module does not even evaluate.
    guard let range, range.giveBack(address, size) else { fatalError("a buffer that was not taken is given back") }
  }

  /// As if everything had been given back.
  package func clear() {
    for range in ranges { range.clear() }
  }
}
