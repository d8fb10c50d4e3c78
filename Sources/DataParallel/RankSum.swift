import MPI
import Tensors

/// A sum of vectors over all ranks: begun, then moved on exchange by exchange until it is complete.
///
/// Made once and used again and again; it allocates nothing after its first use at a length.
final class RankSum<Element: MPIElement> {
  private let communicator: Communicator
  private let followsTree: Bool
  private let transfer: Transfer
  private var incoming = AlignedBuffer<Element>(0)
  private var values = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)
  /// Exchanges begun so far, of how many.
  private var (begun, exchanges) = (0, 0)
  private var current: ReductionTree.Exchange?
  private var tag = 0

  init(_ communicator: Communicator, _ reduction: Reduction, _ channel: Transfer.Channel) {
    self.communicator = communicator
    followsTree = reduction == .tree && communicator.size.nonzeroBitCount == 1
    transfer = Transfer(communicator, channel)
  }

  /// Begins to replace `values` on every rank by their sum over all ranks.
  ///
  /// - Parameter number: tells this sum from others that are under way in the same channel: 0 to 255, on all ranks the
  ///   same.
  func begin(_ values: UnsafeMutableBufferPointer<Element>, number: Int = 0) throws {
    self.values = values
    (begun, exchanges, current, tag) = (0, 0, nil, number * 64)
    guard communicator.size > 1, !values.isEmpty else { return }
    guard followsTree else { return try transfer.sum(values) }
    exchanges = ReductionTree.exchanges(ranks: communicator.size, count: values.count)
    if incoming.count < values.count { incoming = AlignedBuffer(values.count) }
    try beginNextExchange()
  }

  /// Does what can be done without waiting; true when the sum is complete.
  func advance() throws -> Bool {
    while try transfer.isComplete {
      if let exchange = current, exchange.adds {
        let (target, addend) = (values.baseAddress! + exchange.receive.lowerBound, incoming.pointer)
        for i in 0..<exchange.receive.count { target[i] += addend[i] }
      }
      current = nil
      guard begun < exchanges else { return true }
      try beginNextExchange()
    }
    return false
  }

  private func beginNextExchange() throws {
    let next = ReductionTree.exchange(begun, rank: communicator.rank, ranks: communicator.size, count: values.count)
    let target = next.adds ? incoming.pointer : values.baseAddress! + next.receive.lowerBound
    try transfer.exchange(
      with: next.partner, tag: tag + begun, send: UnsafeBufferPointer(rebasing: values[next.send]),
      receive: UnsafeMutableBufferPointer(start: target, count: next.receive.count))
    begun += 1
    current = next
  }
}
