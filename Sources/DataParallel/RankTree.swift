import MPI
import Tensors

/// The part of the reduction tree that lies across ranks: ((0+1)+(2+3))+… over ranks, on a power of two of them.
///
/// Short messages go by recursive doubling: in round k a rank exchanges its sum with the rank whose number differs in
/// bit k. Long ones go by halving and doubling: round k exchanges halves of what a rank still holds, so that afterwards
/// each rank has one part summed, and the rounds back bring the parts together (Rabenseifner 2004). Both add the same
/// pairs in the same order, so every rank gets the same bits by either. Other numbers of ranks use `MPI_Allreduce`.
final class RankTree {
  /// Elements from which halving and doubling is used.
  static let longMessage = 4096

  private let communicator: Communicator
  private let isBinary: Bool
  private var incoming = AlignedBuffer<UInt8>(0)

  init(_ communicator: Communicator) {
    self.communicator = communicator
    isBinary = communicator.size.nonzeroBitCount == 1
  }

  /// Replaces `values` on every rank by their sum over all ranks.
  func sum<Element: MPIElement>(_ values: UnsafeMutablePointer<Element>, count: Int) throws {
    guard communicator.size > 1, count > 0 else { return }
    guard isBinary else { return try communicator.sum(values, count: count) }
    let scratch = scratch(Element.self, count: count)
    if count < Self.longMessage {
      try doubling(values, count: count, scratch)
    } else {
      try halvingAndDoubling(values, 0..<count, distance: 1, scratch)
    }
  }

  private func doubling<Element: MPIElement>(
    _ values: UnsafeMutablePointer<Element>, count: Int, _ scratch: UnsafeMutablePointer<Element>
  ) throws {
    var distance = 1
    while distance < communicator.size {
      try communicator.exchange(
        with: communicator.rank ^ distance, send: values, sendCount: count, receive: scratch, receiveCount: count)
      for i in 0..<count { values[i] += scratch[i] }
      distance *= 2
    }
  }

  /// Sums `range` over the ranks that share all bits of their number below `distance`'s with this one.
  private func halvingAndDoubling<Element: MPIElement>(
    _ values: UnsafeMutablePointer<Element>, _ range: Range<Int>, distance: Int,
    _ scratch: UnsafeMutablePointer<Element>
  ) throws {
    guard distance < communicator.size else { return }
    let partner = communicator.rank ^ distance
    let middle = range.lowerBound + range.count / 2
    let halves = (range.lowerBound..<middle, middle..<range.upperBound)
    let (own, other) = communicator.rank & distance == 0 ? halves : (halves.1, halves.0)
    try communicator.exchange(
      with: partner, send: values + other.lowerBound, sendCount: other.count, receive: scratch, receiveCount: own.count)
    let target = values + own.lowerBound
    for i in 0..<own.count { target[i] += scratch[i] }
    try halvingAndDoubling(values, own, distance: 2 * distance, scratch)
    try communicator.exchange(
      with: partner, send: values + own.lowerBound, sendCount: own.count, receive: values + other.lowerBound,
      receiveCount: other.count)
  }

  private func scratch<Element: MPIElement>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    if incoming.count < bytes { incoming = AlignedBuffer(bytes) }
    return UnsafeMutableRawPointer(incoming.pointer).assumingMemoryBound(to: Element.self)
  }
}
