import CMPI
import Diagnostics

/// An element type that MPI can send and sum.
public protocol MPIElement: BitwiseCopyable, AdditiveArithmetic, Sendable {
  static var mpiType: MPI_Datatype { get }
}

extension Float: MPIElement { public static var mpiType: MPI_Datatype { bt_mpi_float() } }
extension Double: MPIElement { public static var mpiType: MPI_Datatype { bt_mpi_double() } }
extension Int64: MPIElement { public static var mpiType: MPI_Datatype { bt_mpi_int64() } }
extension UInt8: MPIElement { public static var mpiType: MPI_Datatype { bt_mpi_byte() } }

extension Communicator {
  /// Replaces `values` on every rank by the elementwise sum over the ranks, in MPI's own order.
  public func sum<Element: MPIElement>(_ values: UnsafeMutablePointer<Element>, count: Int) throws {
    try inPieces(count) { offset, length in
      try checked("MPI_Allreduce") {
        MPI_Allreduce(bt_mpi_in_place(), values + offset, length, Element.mpiType, bt_mpi_sum(), $0)
      }
    }
  }

  /// The largest of the ranks' values, elementwise.
  public func maximum(_ values: [Int64]) throws -> [Int64] {
    var result = values
    try checked("MPI_Allreduce") {
      MPI_Allreduce(bt_mpi_in_place(), &result, Int32(values.count), bt_mpi_int64(), bt_mpi_max(), $0)
    }
    return result
  }

  /// Rank `root`'s `count` values on every rank.
  public func broadcast<Element: MPIElement>(
    _ values: UnsafeMutablePointer<Element>, count: Int, from root: Int = 0
  ) throws {
    try inPieces(count) { offset, length in
      try checked("MPI_Bcast") { MPI_Bcast(values + offset, length, Element.mpiType, Int32(root), $0) }
    }
  }

  /// Gathers `counts[r]` elements from each rank r into `all` on every rank, in rank order. This rank's own part
  /// already stands in its place.
  public func allGather<Element: MPIElement>(inPlace all: UnsafeMutablePointer<Element>, counts: [Int]) throws {
    guard size > 1 else { return }
    guard counts.reduce(0, +) <= Int(Int32.max) else {
      throw Failure(
        .usage, "an all-gather of \(counts.reduce(0, +)) elements is longer than MPI's 2³¹ − 1",
        at: "rank \(rank)", remedy: "use a smaller batch or embedding")
    }
    let lengths = counts.map(Int32.init)
    var offsets = [Int32](repeating: 0, count: size)
    for r in 1..<size { offsets[r] = offsets[r - 1] + lengths[r - 1] }
    try checked("MPI_Allgatherv") {
      MPI_Allgatherv(bt_mpi_in_place(), 0, Element.mpiType, all, lengths, offsets, Element.mpiType, $0)
    }
  }

  /// Sends `sendCount` elements to `partner` and receives `receiveCount` elements from it.
  public func exchange<Element: MPIElement>(
    with partner: Int, send: UnsafePointer<Element>, sendCount: Int,
    receive: UnsafeMutablePointer<Element>, receiveCount: Int
  ) throws {
    try inPieces(max(sendCount, receiveCount)) { offset, length in
      let outgoing = Int32(max(0, min(Int(length), sendCount - offset)))
      let incoming = Int32(max(0, min(Int(length), receiveCount - offset)))
      try checked("MPI_Sendrecv") {
        MPI_Sendrecv(
          send + offset, outgoing, Element.mpiType, Int32(partner), 0,
          receive + offset, incoming, Element.mpiType, Int32(partner), 0, $0, bt_mpi_status_ignore())
      }
    }
  }

  /// Sends bytes-like elements to one rank; matched by `receive` there.
  public func send<Element: MPIElement>(_ values: UnsafePointer<Element>, count: Int, to rank: Int) throws {
    try inPieces(count) { offset, length in
      try checked("MPI_Send") { MPI_Send(values + offset, length, Element.mpiType, Int32(rank), 1, $0) }
    }
  }

  public func receive<Element: MPIElement>(_ values: UnsafeMutablePointer<Element>, count: Int, from rank: Int) throws {
    try inPieces(count) { offset, length in
      try checked("MPI_Recv") {
        MPI_Recv(values + offset, length, Element.mpiType, Int32(rank), 1, $0, bt_mpi_status_ignore())
      }
    }
  }

  /// Every rank's text, in rank order, on every rank.
  public func allGather(_ text: String) throws -> [String] {
    guard size > 1 else { return [text] }
    let own = Array(text.utf8)
    var lengths = [Int64](repeating: 0, count: size)
    lengths[rank] = Int64(own.count)
    try allGather(inPlace: &lengths, counts: [Int](repeating: 1, count: size))
    var bytes = [UInt8](repeating: 0, count: max(1, Int(lengths.reduce(0, +))))
    var start = Int(lengths[..<rank].reduce(0, +))
    bytes.replaceSubrange(start..<start + own.count, with: own)
    try allGather(inPlace: &bytes, counts: lengths.map(Int.init))
    start = 0
    return lengths.map { length in
      defer { start += Int(length) }
      return String(decoding: bytes[start..<start + Int(length)], as: UTF8.self)
    }
  }

  private func inPieces(_ count: Int, _ body: (_ offset: Int, _ length: Int32) throws -> Void) throws {
    guard size > 1 else { return }
    var offset = 0
    repeat {
      let length = min(Self.longestMessage, count - offset)
      try body(offset, Int32(length))
      offset += length
    } while offset < count
  }
}
