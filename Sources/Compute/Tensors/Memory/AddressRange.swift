import Foundation
import Host

/// Addresses of an arena, of which those below `bytes` are memory: taken, or holes.
final class AddressRange {
  private let use: MemoryUse
  private(set) var bytes = 0
  private let start: UnsafeMutableRawPointer
  private let reserved: Int
  /// Ranges of offsets below `bytes` that nobody has, ascending, none next to another.
  private var free: [Range<Int>] = []

  /// Far more addresses than `size` where they cost nothing, and hardly more where a limit counts them; nil where the
  /// system does not give as many.
  init?(for use: MemoryUse, atLeast size: Int) {
    let least = (size + Self.step - 1) / Self.step * Self.step
    var length = ProcessLimit.addresses.bytes == nil ? max(Self.plenty, least) : least
    while true {
      let raw = mmap(nil, length, PROT_NONE, MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE), -1, 0)
      if let raw, raw != MAP_FAILED {
        start = raw
        break
      }
      if length == least { return nil }
      length = max(least, length / 2)
    }
    self.use = use
    reserved = length
  }

  /// What costs nothing, in bytes.
  private static let plenty = 1 << 42
  /// Ranges are multiples of it.
  private static let step = 1 << 18

  deinit {
    if bytes > 0 { MemoryLedger.process.remove(start, bytes: bytes, use) }
    munmap(start, reserved)
  }

  func contains(_ address: UnsafeMutableRawPointer) -> Bool { address >= start && address < start + reserved }

  /// The bytes of the smallest hole that has `size`.
  func smallestHole(of size: Int) -> Int? { free.map(\.count).filter { $0 >= size }.min() }

  /// The beginning of the smallest hole that has `size`, the lowest of several; there must be one.
  func takeHole(of size: Int) -> UnsafeMutableRawPointer {
    let fitting = free.indices.filter { free[$0].count >= size }.min { free[$0].count < free[$1].count }!
    let offset = free[fitting].lowerBound
    free[fitting] = offset + size..<free[fitting].upperBound
    if free[fitting].isEmpty { free.remove(at: fitting) }
    return start + offset
  }

  /// `size` bytes at the end, in a last hole that is too small if there is one; nil where there are not as many
  /// addresses or no memory.
  func grow(by size: Int) -> UnsafeMutableRawPointer? {
    let last = free.last.flatMap { $0.upperBound == bytes ? $0 : nil }
    let offset = last?.lowerBound ?? bytes
    let end = offset + size
    guard end <= reserved, mprotect(start, end, PROT_READ | PROT_WRITE) == 0 else { return nil }
    if last != nil { free.removeLast() }
    if bytes > 0 { MemoryLedger.process.remove(start, bytes: bytes, use) }
    bytes = end
    MemoryLedger.process.enter(start, bytes: bytes, use, isMapped: true)
    return start + offset
  }

  /// Makes a hole; false where nothing was taken.
  func giveBack(_ address: UnsafeMutableRawPointer, _ size: Int) -> Bool {
    let offset = address - start
    let range = offset..<offset + size
    let next = free.firstIndex { $0.lowerBound >= range.upperBound } ?? free.count
    guard range.lowerBound >= (next > 0 ? free[next - 1].upperBound : 0), range.upperBound <= bytes else {
      return false
    }
    free.insert(range, at: next)
    join(next)
    if next > 0 { join(next - 1) }
    return true
  }

  /// As if everything had been given back.
  func clear() { free = bytes > 0 ? [0..<bytes] : [] }

  /// Makes one hole of this one and the next where they touch.
  private func join(_ index: Int) {
    guard index + 1 < free.count, free[index].upperBound == free[index + 1].lowerBound else { return }
    free[index] = free[index].lowerBound..<free[index + 1].upperBound
    free.remove(at: index + 1)
  }
}
