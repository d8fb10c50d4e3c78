import Diagnostics
import Planning

/// What is wrong with the memory of a host.
package struct MemoryRules {
  private let host: HostFacts

  package init(host: HostFacts) { self.host = host }

  /// With less a rank does not reach its first step.
  private static let leastOfRank = 256 << 20
  /// Of `/dev/shm`, through which Open MPI's ranks of a host talk: 4 MiB of buffers each, and room for others.
  private static let sharedOfRank = 16 << 20

  /// What there is for all ranks, and what it is called.
  private var allowed: (bytes: Int, name: String)? {
    let resident = host.facts.compactMap(\.memory.resident).reduce(0, +)
    let free = host.facts.compactMap(\.memory.available).min().map { ($0 + resident, "available") }
    let limits = host.facts.compactMap { facts in facts.memory.limit.map { ($0, facts.memory.limitName ?? "limit") } }
    return (limits + [free].compactMap { $0 }).min { $0.0 < $1.0 }
  }

  /// Addresses that libraries and the buffers of a small run take in addition to those that they fill.
  private static let leastAddresses = 2 << 30

  /// Whether there is so little that a run should not even be planned.
  package var hasTooLittle: Bool {
    hasHardlyAny || host.facts.contains { room($0).map { $0 < Self.leastAddresses } ?? false }
  }
  private var hasHardlyAny: Bool { allowed.map { $0.bytes < host.ranks.count * Self.leastOfRank } ?? false }

  /// Addresses that a rank can still use; nil without a limit.
  private func room(_ facts: RankFacts) -> Int? {
    guard let limit = facts.memory.addressLimit else { return nil }
    return max(0, limit - (facts.memory.addresses ?? 0))
  }

  /// Before a run is planned.
  package var findings: [Finding] {
    var findings: [Finding] = []
    let ranks = host.ranks.count
    if hasHardlyAny, let allowed {
      findings.append(
        Finding(
          .memory, .error, "hardly any memory for its \(ranks == 1 ? "rank" : "\(ranks) ranks")", at: host.host,
          expected: "at least \(SummaryText.bytes(Self.leastOfRank)) a rank",
          found: "\(SummaryText.bytes(allowed.bytes)) (\(allowed.name))",
          remedy: "ask the batch system for more (--mem, --mem-per-cpu), raise the container's limit, or end other "
            + "programs there"))
    }
    if let rank = host.facts.indices.first(where: { room(host.facts[$0]).map { $0 < Self.leastAddresses } ?? false }) {
      findings.append(
        addressLimit(rank, needed: (host.facts[rank].memory.addresses ?? 0) + Self.leastAddresses))
    }
    let shared = host.facts.compactMap(\.memory.sharedMemory).min()
    if ranks > 1, let shared, shared < ranks * Self.sharedOfRank {
      findings.append(
        Finding(
          .memory, .warning, "little room in /dev/shm, through which the ranks of a host talk", at: host.host,
          expected: SummaryText.bytes(ranks * Self.sharedOfRank), found: SummaryText.bytes(shared),
          remedy: "give the container more (docker run --shm-size=1g), or remove what others have left there"))
    }
    return findings
  }

  /// Of a run that is planned.
  package func findings(_ memory: HostMemory) -> [Finding] {
    var findings: [Finding] = []
    if memory.use > 0.9, let allowed = memory.allowed {
      let text = memory.use > 1 ? "too little memory for the run" : "the run will nearly fill the memory"
      findings.append(
        Finding(
          .memory, memory.use > 1 ? .error : .warning, text, at: host.host,
          expected: "\(SummaryText.bytes(memory.needed)) for \(memory.ranks.counted("rank"))",
          found: "\(SummaryText.bytes(allowed)) (\(memory.limit))",
          remedy:
            "give a smaller --batch-size or --recompute true, share the batch out over more hosts, or ask the batch "
            + "system for more memory (--mem)"))
    }
    let ofRank = memory.needed / max(1, memory.ranks)
    let tight = host.facts.indices.first { rank in
      let needed = max(0, ofRank - (host.facts[rank].memory.resident ?? 0))
      return room(host.facts[rank]).map { $0 < needed } ?? false
    }
    if let tight { findings.append(addressLimit(tight, needed: (host.facts[tight].memory.addresses ?? 0) + ofRank)) }
    return findings
  }

  private func addressLimit(_ rank: Int, needed: Int) -> Finding {
    Finding(
      .memory, .error, "the limit on a process's addresses is too low", at: host.list([host.ranks[rank]]),
      expected: "\(SummaryText.bytes(needed)) or more",
      found: "\(SummaryText.bytes(host.facts[rank].memory.addressLimit ?? 0)) (ulimit -v)",
      remedy: "ulimit -v unlimited, or the batch system's option for virtual memory")
  }
}
