import Diagnostics
import Host

/// The memory that the ranks of a host need, and what is there for them.
package struct HostMemory: Equatable, Sendable {
  package var host: String
  package var ranks: Int
  /// Bytes that they are predicted to have at their peak, together.
  package var needed: Int
  /// Bytes that are there for them, with what they have already; nil where that is not known.
  package var allowed: Int?
  /// What `allowed` is, such as `free memory`.
  package var limit: String

  package init(host: String, ranks: Int, needed: Int, allowed: Int?, limit: String) {
    self.host = host
    self.ranks = ranks
    self.needed = needed
    self.allowed = allowed
    self.limit = limit
  }

  /// The part of what is allowed that is needed; 0 where that is not known.
  package var use: Double { allowed.map { Double(needed) / Double(max(1, $0)) } ?? 0 }

  package var text: String {
    let ranks = "\(ranks.counted("rank")) on \(host)"
    let room = allowed.map { " of \(SummaryText.bytes($0)) (\(limit))" } ?? ""
    return "\(ranks): \(SummaryText.bytes(needed))\(room)"
  }

  package var warning: String? {
    guard use > 1, let allowed else { return nil }
    return """
      the memory of \(host) will probably not suffice: its \(ranks == 1 ? "rank needs" : "\(ranks) ranks need") about \
      \(SummaryText.bytes(needed)), and there are \(SummaryText.bytes(allowed)) (\(limit)); give a smaller \
      \(option: "batch-size"), or spread it over more hosts
      """
  }
}

/// What one rank tells the others about its memory.
package struct RankMemory: Equatable, Sendable {
  /// Bytes at the predicted peak.
  package var needed: Int
  /// Bytes now.
  package var resident: Int
  /// Bytes that the host still has.
  package var available: Int?
  package var limit: MemoryLimit?

  package init(needed: Int, resident: Int, available: Int?, limit: MemoryLimit?) {
    self.needed = needed
    self.resident = resident
    self.available = available
    self.limit = limit
  }

  /// Four words that `init(text:)` reads; the name of the limit is the last.
  package var text: String {
    "\(needed) \(resident) \(available ?? -1) \(limit?.bytes ?? -1) \(limit?.name ?? "")"
  }

  package init?(text: String) {
    let words = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
    let numbers = words.prefix(4).compactMap { Int($0) }
    guard words.count == 5, numbers.count == 4 else { return nil }
    self.init(
      needed: numbers[0], resident: numbers[1], available: numbers[2] < 0 ? nil : numbers[2],
      limit: numbers[3] < 0 ? nil : MemoryLimit(numbers[3], String(words[4])))
  }
}

extension HostMemory {
  /// Hosts in the order of their first ranks; `host[r]` is where rank r is.
  package static func grouped(_ ranks: [RankMemory], hosts: [String]) -> [HostMemory] {
    var order: [String] = []
    for host in hosts where !order.contains(host) { order.append(host) }
    return order.map { host in
      let own = zip(ranks, hosts).filter { $0.1 == host }.map(\.0)
      let resident = own.reduce(0) { $0 + $1.resident }
      // Free memory does not include what the ranks have already.
      let free = own.compactMap(\.available).min().map { MemoryLimit($0 + resident, "available") }
      let tightest = (own.compactMap(\.limit) + [free].compactMap { $0 }).min { $0.bytes < $1.bytes }
      return HostMemory(
        host: host, ranks: own.count, needed: own.reduce(0) { $0 + $1.needed }, allowed: tightest?.bytes,
        limit: tightest?.name ?? "")
    }
  }
}
