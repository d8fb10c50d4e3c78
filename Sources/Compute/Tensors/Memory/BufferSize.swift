import Diagnostics
import Host

/// The size of a buffer, checked where buffers are made: kernels behind it compute with it unchecked.
package struct BufferSize {
  package let count: Int
  /// Of the elements, in whole lines of the cache and at least one.
  package let bytes: Int

  /// Bytes of a line of the cache.
  static let line = 64
  /// Bytes above every memory, and far from where sums of sizes overflow.
  private static let most = 1 << 46

  /// As many elements as the product of the factors.
  ///
  /// - Throws: a usage failure for a product that no machine has memory for.
  package init(_ factors: [Int], stride: Int, for use: MemoryUse) throws(Failure) {
    guard let count = elementCount(of: factors), count <= Self.most / stride else {
      throw Failure(
        .usage, "the sizes are beyond every memory", expected: "at most \(SummaryText.bytes(Self.most)) for one buffer",
        found: "\(factors.map(String.init).joined(separator: " × ")) numbers for \(use.text)",
        remedy: "give smaller sizes: \(option: "batch-size"), or those of the network's layers")
    }
    self.count = count
    bytes = (max(1, count) * stride + Self.line - 1) / Self.line * Self.line
  }
}

extension Failure {
  /// The system has refused memory to this process: with the figures of the limit that is to blame.
  static func noMemory(_ bytes: Int, for use: MemoryUse) -> Failure {
    let wanted = "\(SummaryText.bytes(bytes)) more for \(use.text)"
    let remedy = "a smaller \(option: "batch-size") or network, or more ranks on more hosts"
    guard let (room, limit) = ProcessLimit.room, room < bytes, let total = limit.bytes else {
      let host = ProcessMemory.ofHost.map { "; the host has \(SummaryText.bytes($0))" } ?? ""
      let free = ProcessMemory.availableOnHost.map { ", of which \(SummaryText.bytes($0)) are free" } ?? ""
      return Failure(
        .usage, "the system gives this process no more memory", expected: wanted,
        found: "\(SummaryText.bytes(ProcessMemory.resident ?? 0)) in use\(host)\(free)", remedy: "give \(remedy)")
    }
    return Failure(
      .usage, "\(limit.name) is too low", expected: wanted,
      found: "\(SummaryText.bytes(room)) left of \(SummaryText.bytes(total))",
      remedy: "raise the limit, or give \(remedy)")
  }
}
