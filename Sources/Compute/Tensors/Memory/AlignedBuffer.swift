import Diagnostics
import Foundation

/// Owned memory for `count` elements, aligned to 64 bytes (oneDNN's Winograd code needs that) and zero at the start.
///
/// The memory is unchecked: whoever holds `pointer` keeps the buffer alive and stays within `count`. Elements are
/// trivial types (`Float`, `Double`, `UInt8`). A `BufferArena`'s buffers are not zero. Large buffers take up memory
/// only as they are touched, and so lie on the memory node of the thread that touches them first. `MemoryLedger` knows
/// all of them.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public static var alignment: Int { BufferSize.line }
  /// Bytes from which a buffer has its own pages.
  static var mappingThreshold: Int { 1 << 20 }

  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int
  public let use: MemoryUse
  /// Whose memory this is a part of; nil for a buffer with memory of its own.
  package let arena: BufferArena?
  /// Bytes as allocated.
  private let reserved: Int

  /// As many elements as the product of the factors: `AlignedBuffer(rows, columns)`. The product is checked here, so
  /// that callers need not.
  ///
  /// - Throws: a usage failure for a product that no memory holds, and where the system gives no memory.
  public init(_ factors: Int..., for use: MemoryUse = .workspaces) throws(Failure) {
    let size = try BufferSize(factors, stride: MemoryLayout<Element>.stride, for: use)
    let isMapped = size.bytes >= Self.mappingThreshold
    let raw = isMapped ? Self.map(size.bytes) : aligned_alloc(Self.alignment, size.bytes)
    guard let raw else { throw .noMemory(size.bytes, for: use) }
    if !isMapped { memset(raw, 0, size.bytes) }
    count = size.count
    self.use = use
    arena = nil
    reserved = size.bytes
    pointer = raw.bindMemory(to: Element.self, capacity: max(1, size.count))
    MemoryLedger.process.enter(raw, bytes: reserved, use, isMapped: isMapped)
  }

  /// `count` elements at an address of an arena, as they are.
  init(_ pointer: UnsafeMutablePointer<Element>, count: Int, in arena: BufferArena) {
    self.pointer = pointer
    self.count = count
    self.arena = arena
    use = arena.use
    reserved = 0
  }

  deinit {
    if arena != nil { return }
    MemoryLedger.process.remove(pointer, bytes: reserved, use)
    if reserved >= Self.mappingThreshold { munmap(pointer, reserved) } else { free(pointer) }
  }

  /// Zero pages for which nothing is set aside, so that a plan larger than the machine can be made and shown; nil where
  /// the system refuses them.
  private static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
    let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    return raw == MAP_FAILED ? nil : raw
  }

  public var bytes: Int { count * MemoryLayout<Element>.stride }
  public var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// Sets all elements to zero bytes.
  public func zero() { memset(pointer, 0, bytes) }
}
