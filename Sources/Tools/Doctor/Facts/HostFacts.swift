import Host
import MPI

/// A host of the job: its ranks and what they see.
package struct HostFacts: Sendable {
  package let host: String
  /// Ascending; the first one measures for the host.
  package let ranks: [Int]
  /// Of its ranks.
  package let facts: [RankFacts]

  package init(host: String, ranks: [Int], facts: [RankFacts]) {
    self.host = host
    self.ranks = ranks
    self.facts = facts
  }

  /// The hosts in the order of their first ranks.
  package static func grouped(_ facts: [RankFacts]) -> [HostFacts] {
    facts.indices.grouped { facts[$0].host }.map { host, ranks in
      HostFacts(host: host, ranks: ranks, facts: ranks.map { facts[$0] })
    }
  }

  var processor: Processor { facts[0].processor }
  /// The processors for all its ranks together.
  var granted: CPUSet { facts.dropFirst().reduce(facts[0].granted) { $0.union($1.granted) } }
  var coreLimit: CoreLimit? { facts.compactMap(\.coreLimit).min { $0.cores < $1.cores } }
  /// The cores for all its ranks together.
  package var cores: Int { max(1, min(processor.cores(in: granted), coreLimit?.cores ?? .max)) }
  var threads: Int { facts.reduce(0) { $0 + $1.threads } }

  /// `rank 3 on nodeB`, `ranks 0, 1 on nodeA`.
  func list(_ ranks: [Int]? = nil) -> String {
    let ranks = ranks ?? self.ranks
    return "\(RankList(ranks, [String](repeating: host, count: (ranks.max() ?? 0) + 1)))"
  }
}
