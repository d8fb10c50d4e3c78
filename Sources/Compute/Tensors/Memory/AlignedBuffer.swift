import Foundation

/// Owned memory for `count` elements, aligned to 64 bytes (oneDNN's Winograd code needs that) and zero at the start.
///
/// The memory is unchecked: whoever holds `pointer` keeps the buffer alive and stays within `count`. Elements are
/// trivial types (`Float`, `Double`, `UInt8`). A `BufferArena`'s buffers are not zero. Large buffers take up memory
/// only as they are touched, and so lie on the memory node of the thread that touches them first. `MemoryLedger` knows
/// all of them.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public static var alignment: Int { 64 }
  /// Bytes from which a buffer has its own pages.
  static var mappingThreshold: Int { 1 << 20 }

  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int
  public let use: MemoryUse
  /// Whose memory this is a part of; nil for a buffer with memory of its own.
  package let arena: BufferArena?
  /// Bytes as allocated.
  private let reserved: Int

  public init(_ count: Int, for use: MemoryUse = .workspaces) {
    self.count = count
    self.use = use
    arena = nil
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    reserved = (bytes + Self.alignment - 1) / Self.alignment * Self.alignment
    let isMapped = reserved >= Self.mappingThreshold
    let raw = isMapped ? Self.map(reserved) : .allocate(byteCount: reserved, alignment: Self.alignment)
    if !isMapped { memset(raw, 0, reserved) }
    pointer = raw.bindMemory(to: Element.self, capacity: max(1, count))
    MemoryLedger.process.enter(raw, bytes: reserved, use, isMapped: isMapped)
  }

  public convenience init(copying values: some Collection<Element>) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  /// `count` elements at an address of an arena, as they are.
  init(_ pointer: UnsafeMutablePointer<Element>, count: Int, in arena: BufferArena) {
    self.pointer = pointer
    self.count = count
    self.arena = arena
    (use, reserved) = (arena.use, 0)
  }

  deinit {
    if arena != nil { return }
    MemoryLedger.process.remove(pointer, bytes: reserved, use)
    if reserved >= Self.mappingThreshold {
      munmap(pointer, reserved)
    } else {
      UnsafeMutableRawPointer(pointer).deallocate()
    }
  }

  /// Zero pages for which nothing is set aside, so that a plan larger than the machine can be made and shown.
  private static func map(_ bytes: Int) -> UnsafeMutableRawPointer {
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
    let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let raw, raw != MAP_FAILED else { fatalError("the system does not give \(bytes) bytes of memory") }
    return raw
  }

  public var bytes: Int { count * MemoryLayout<Element>.stride }
  public var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// Sets all elements to zero bytes.
  public func zero() { memset(pointer, 0, bytes) }
}
