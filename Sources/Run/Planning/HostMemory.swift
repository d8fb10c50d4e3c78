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
  /// Bytes of `needed` that are buffers of the ranks alone: nothing that ranks may share.
  package var buffers: Int
  /// What they can have at most, however much others give back.
  package var ceiling: MemoryLimit?

  package init(
    host: String, ranks: Int, needed: Int, allowed: Int?, limit: String, buffers: Int = 0,
    ceiling: MemoryLimit? = nil
  ) {
    self.host = host
    self.ranks = ranks
    self.needed = needed
    self.allowed = allowed
    self.limit = limit
    self.buffers = buffers
    self.ceiling = ceiling
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

extension HostMemory {
  /// Why the ranks cannot run there; nil where they can, or might once others have given memory back.
  package var refusal: Failure? {
    guard let ceiling, buffers > ceiling.bytes else { return nil }
    return Failure(
      .usage, "the run does not fit into the memory of \(host)",
      expected: "at most \(SummaryText.bytes(ceiling.bytes)) (\(ceiling.name))",
      found: "\(SummaryText.bytes(needed)) predicted for \(ranks.counted("rank"))",
      remedy: "give a smaller \(option: "batch-size") or network, or spread it over more hosts")
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
  /// Bytes of `needed` that are buffers.
  package var buffers: Int
  /// What there is at all: the host's memory, or what its control group may have.
  package var ceiling: MemoryLimit?

  package init(
    needed: Int, resident: Int, available: Int?, limit: MemoryLimit?, buffers: Int = 0, ceiling: MemoryLimit? = nil
  ) {
    self.needed = needed
    self.resident = resident
    self.available = available
    self.limit = limit
    self.buffers = buffers
    self.ceiling = ceiling
  }

  /// Numbers, and the names of both limits, that `init(text:)` reads.
  package var text: String {
    let numbers = [needed, resident, available ?? -1, buffers, limit?.bytes ?? -1, ceiling?.bytes ?? -1]
    return (numbers.map(String.init) + [limit?.name ?? "", ceiling?.name ?? ""]).joined(separator: "\t")
  }

  package init?(text: String) {
    let words = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    let numbers = words.prefix(6).compactMap { Int($0) }
    guard words.count == 8, numbers.count == 6 else { return nil }
    self.init(
      needed: numbers[0], resident: numbers[1], available: numbers[2] < 0 ? nil : numbers[2],
      limit: numbers[4] < 0 ? nil : MemoryLimit(numbers[4], words[6]), buffers: numbers[3],
      ceiling: numbers[5] < 0 ? nil : MemoryLimit(numbers[5], words[7]))
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
        limit: tightest?.name ?? "",
        buffers: own.reduce(0) { $0 + $1.buffers }, ceiling: own.compactMap(\.ceiling).min { $0.bytes < $1.bytes })
    }
  }
}
