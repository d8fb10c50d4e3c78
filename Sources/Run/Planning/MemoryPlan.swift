import Tensors

/// What a rank will have in memory at its peak, item by item, once the network is planned and before its first step.
///
/// Not a formula of the network: every buffer that the plan made is counted as it was allocated (`MemoryLedger`),
/// touched or not; what the loop makes later reports its own size; and what the process has besides its buffers,
/// libraries and compiled kernels above all, is measured. What libraries still allocate at their first use is
/// left out: a few MiB.
package struct MemoryPlan: Equatable, Sendable {
  package let items: [MemoryItem]
  package var total: Int { items.reduce(0) { $0 + $1.bytes } }
  /// Bytes of the buffers alone.
  package let buffers: Int

  /// - Parameter buffers: bytes of the live buffers for each use.
  /// - Parameter later: bytes for each use that are still to be allocated.
  /// - Parameter beside: bytes of the process besides its buffers.
  package init(buffers: [MemoryUse: Int], later: [MemoryUse: Int], beside: Int) {
    let planned = MemoryUse.allCases.map { MemoryItem($0.text, buffers[$0, default: 0] + later[$0, default: 0]) }
    self.buffers = planned.reduce(0) { $0 + $1.bytes }
    items = planned.filter { $0.bytes > 0 } + [MemoryItem("program, libraries, MPI", beside)]
  }
}
