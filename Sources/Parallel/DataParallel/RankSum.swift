import MPI
import Tensors

/// A sum of vectors over all ranks: begun, then moved on exchange by exchange until it is complete.
///
/// Made once and used again and again; it allocates nothing after its first use at a length. A short sum is complete
/// here when everything has arrived, even if another rank has not yet taken what this one sent: that is kept in
/// separate memory. So a rank that is ahead need not wait for one that has begun the sum and is busy with other work.
final class RankSum<Element: MPIElement> {
  private let communicator: Communicator
  private let followsTree: Bool
  /// One for each exchange of a short sum; long sums use the first.
  private let transfers: [Transfer]
  private var incoming: AlignedBuffer<Element>
  /// What the exchanges of a short sum send, one after another.
  private var outgoing: AlignedBuffer<Element>
  private var values = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)
  /// Exchanges begun so far, of how many.
  private var (begun, exchanges) = (0, 0)
  private var current: ReductionTree.Exchange?
  private var tag = 0

  init(_ communicator: Communicator, _ reduction: Reduction, _ channel: Transfer.Channel) throws {
    incoming = try AlignedBuffer(0)
    outgoing = try AlignedBuffer(0)
    self.communicator = communicator
    followsTree = reduction == .tree && communicator.size.nonzeroBitCount == 1
    transfers = (0..<max(1, communicator.size.trailingZeroBitCount)).map { _ in Transfer(communicator, channel) }
  }

  deinit {
    // Another rank may still read it.
    if (try? isQuiet) != true { _ = Unmanaged.passRetained(outgoing) }
  }

  /// Whether everything that this rank sent has been taken.
  var isQuiet: Bool { get throws { try transfers.allSatisfy { try $0.isComplete } } }

  private var isShort: Bool { values.count < ReductionTree.longVector }

  /// Begins to replace `values` on every rank by their sum over all ranks.
  ///
  /// - Parameter number: tells this sum from others that are under way in the same channel: 0 to 255, the same on all
  ///   ranks.
  func begin(_ values: UnsafeMutableBufferPointer<Element>, number: Int = 0) throws {
    self.values = values
    begun = 0
    exchanges = 0
    current = nil
    tag = number * 64
    guard communicator.size > 1, !values.isEmpty else { return }
    guard followsTree else { return try transfers[0].sum(values) }
    exchanges = ReductionTree.exchanges(ranks: communicator.size, count: values.count)
    try beginFirstExchange()
  }

  /// Does what can be done without waiting; true when the sum is complete.
  func advance() throws -> Bool {
    if begun == 0, exchanges > 0 { try beginFirstExchange() }
    while try hasArrived {
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

  /// Whether the exchange that was begun last has brought its message.
  private var hasArrived: Bool {
    get throws {
      guard begun > 0 else { return try exchanges == 0 && transfers[0].isComplete }
      return try isShort ? transfers[begun - 1].hasReceived : transfers[0].isComplete
    }
  }

  /// Begins the sum, unless what the last one sent has not all been taken yet.
  private func beginFirstExchange() throws {
    guard try isQuiet else { return }
    if incoming.count < values.count { incoming = try AlignedBuffer(values.count, for: .communication) }
    if isShort, outgoing.count < values.count * exchanges {
      outgoing = try AlignedBuffer(values.count, exchanges, for: .communication)
    }
    try beginNextExchange()
  }

  private func beginNextExchange() throws {
    let next = ReductionTree.exchange(begun, rank: communicator.rank, ranks: communicator.size, count: values.count)
    let target = next.adds ? incoming.pointer : values.baseAddress! + next.receive.lowerBound
    var send = UnsafeBufferPointer(rebasing: values[next.send])
    if isShort {
      let copy = outgoing.pointer + begun * values.count
      copy.update(from: send.baseAddress!, count: send.count)
      send = UnsafeBufferPointer(start: copy, count: send.count)
    }
    try transfers[isShort ? begun : 0].exchange(
      with: next.partner, tag: tag + begun, send: send,
      receive: UnsafeMutableBufferPointer(start: target, count: next.receive.count))
    begun += 1
    current = next
  }
}
