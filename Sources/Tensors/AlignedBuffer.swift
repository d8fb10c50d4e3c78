import Foundation

/// Owned memory for `count` elements, aligned to 64 bytes (oneDNN's Winograd code needs that) and zero at the start.
///
/// The memory is unchecked: whoever holds `pointer` keeps the buffer alive and stays within `count`. Elements are
/// trivial types (`Float`, `Double`, `UInt8`).
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public static var alignment: Int { 64 }

  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int
  /// Whose memory this is the beginning of; nil for a buffer with memory of its own.
  public let owner: AlignedBuffer?

  public init(_ count: Int) {
    (self.count, owner) = (count, nil)
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    let rounded = (bytes + Self.alignment - 1) / Self.alignment * Self.alignment
    let raw = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: Self.alignment)
    memset(raw, 0, rounded)
    pointer = raw.bindMemory(to: Element.self, capacity: max(1, count))
  }

  public convenience init(copying values: some Collection<Element>) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  /// The first `count` elements of another buffer's memory, as they are.
  public init(beginningOf owner: AlignedBuffer, count: Int) {
    precondition(count <= owner.count)
    (pointer, self.count, self.owner) = (owner.pointer, count, owner.owner ?? owner)
  }

  deinit { if owner == nil { UnsafeMutableRawPointer(pointer).deallocate() } }

  public var bytes: Int { count * MemoryLayout<Element>.stride }
  public var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  public func zero() { memset(pointer, 0, bytes) }
}
