import Diagnostics
import Host

/// The memory that a run is about to need, on all ranks and hosts.
package struct MemoryForecast: Equatable, Sendable {
  /// Bytes of the rank that needs most, at its peak.
  package let peakOfRank: Int
  /// This rank's.
  package let plan: MemoryPlan
  package let hosts: [HostMemory]

  /// - Parameter ranks: every rank's need.
  /// - Parameter hosts: every rank's host.
  package init(_ plan: MemoryPlan, ranks: [RankMemory], hosts: [String]) {
    (self.plan, self.hosts) = (plan, HostMemory.grouped(ranks, hosts: hosts))
    peakOfRank = ranks.map(\.needed).max() ?? plan.total
  }

  /// The host that needs the largest part of what is there.
  private var fullest: HostMemory? { hosts.max { $0.use < $1.use } }

  package var lines: [String] {
    let rows = plan.items.map { [$0.name, SummaryText.bytes($0.bytes)] }
    return ["memory     \(SummaryText.bytes(plan.total)) of a rank at its peak, predicted"]
      + SummaryText.table(rows, limits: [40])
      + (fullest.map { ["  \($0.text)" + (hosts.count > 1 ? ", the fullest of \(hosts.count) hosts" : "")] } ?? [])
  }

  /// Why the run cannot be trained, for the host that lacks most; nil where all have what is needed.
  package var refusal: Failure? { hosts.compactMap(\.refusal).first }

  /// At most one remark, of the host that lacks most.
  package var remarks: [String] { (fullest?.warning).map { [$0] } ?? [] }
}
