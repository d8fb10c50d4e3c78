internal import CMPI

/// An element type that MPI can send and sum.
public protocol MPIElement: BitwiseCopyable, AdditiveArithmetic, Sendable {
  static var mpiElement: MPIElementType { get }
}

/// MPI's name of an element type.
public enum MPIElementType: Sendable {
  case float, double, int64, byte

  var datatype: MPI_Datatype {
    switch self {
    case .float: bt_mpi_float()
    case .double: bt_mpi_double()
    case .int64: bt_mpi_int64()
    case .byte: bt_mpi_byte()
    }
  }
}

extension Float: MPIElement { public static var mpiElement: MPIElementType { .float } }
extension Double: MPIElement { public static var mpiElement: MPIElementType { .double } }
extension Int64: MPIElement { public static var mpiElement: MPIElementType { .int64 } }
extension UInt8: MPIElement { public static var mpiElement: MPIElementType { .byte } }

extension MPIElement {
  static var mpiType: MPI_Datatype { mpiElement.datatype }
}

extension Communicator {
  /// The largest of the ranks' values, elementwise.
  public func maximum(_ values: [Int64]) throws -> [Int64] {
    var result = values
    try result.withUnsafeMutableBufferPointer { values in
      try collective("MPI_Iallreduce") {
        MPI_Iallreduce(
          bt_mpi_in_place(), values.baseAddress, Int32(values.count), bt_mpi_int64(), bt_mpi_max(), $0, $1)
      }
    }
    return result
  }

  /// Rank `root`'s `count` values on every rank.
  public func broadcast<Element: MPIElement>(
    _ values: UnsafeMutablePointer<Element>, count: Int, from root: Int = 0
  ) throws {
    try inPieces(count) { offset, length in
      try collective("MPI_Ibcast") { MPI_Ibcast(values + offset, length, Element.mpiType, Int32(root), $0, $1) }
    }
  }

  /// Gathers `counts[r]` elements from each rank r into `all` on every rank, in rank order. This rank's own part
  /// is already in its place.
  ///
  /// - Parameter work: done again and again while this rank waits; see `wait`.
  public func allGather<Element: MPIElement>(
    inPlace all: UnsafeMutablePointer<Element>, counts: [Int], meanwhile work: () throws -> Void = {}
  ) throws {
    guard size > 1 else { return }
    _ = try length(counts.reduce(0, +))
    let lengths = counts.map(Int32.init)
    var offsets = [Int32](repeating: 0, count: size)
    for r in 1..<size { offsets[r] = offsets[r - 1] + lengths[r - 1] }
    try lengths.withUnsafeBufferPointer { lengths in
      try offsets.withUnsafeBufferPointer { offsets in
        try collective("MPI_Iallgatherv", meanwhile: work) {
          MPI_Iallgatherv(
            bt_mpi_in_place(), 0, Element.mpiType, all, lengths.baseAddress, offsets.baseAddress, Element.mpiType, $0,
            $1)
        }
      }
    }
  }

  /// Sends elements to one rank; matched by `receive` there.
  public func send<Element: MPIElement>(_ values: UnsafePointer<Element>, count: Int, to rank: Int) throws {
    try inPieces(count) { offset, length in
      try collective("MPI_Isend") { MPI_Isend(values + offset, length, Element.mpiType, Int32(rank), 1, $0, $1) }
    }
  }

  public func receive<Element: MPIElement>(_ values: UnsafeMutablePointer<Element>, count: Int, from rank: Int) throws {
    try inPieces(count) { offset, length in
      try collective("MPI_Irecv") { MPI_Irecv(values + offset, length, Element.mpiType, Int32(rank), 1, $0, $1) }
    }
  }

  /// Every rank's text, in rank order, on every rank.
  public func allGather(_ text: String) throws -> [String] {
    guard size > 1 else { return [text] }
    let own = Array(text.utf8)
    var lengths = [Int64](repeating: 0, count: size)
    lengths[rank] = Int64(own.count)
    try lengths.withUnsafeMutableBufferPointer {
      try allGather(inPlace: $0.baseAddress!, counts: [Int](repeating: 1, count: size))
    }
    var bytes = [UInt8](repeating: 0, count: max(1, Int(lengths.reduce(0, +))))
    var start = Int(lengths[..<rank].reduce(0, +))
    bytes.replaceSubrange(start..<start + own.count, with: own)
    try bytes.withUnsafeMutableBufferPointer {
      try allGather(inPlace: $0.baseAddress!, counts: lengths.map(Int.init))
    }
    start = 0
    return lengths.map { length in
      defer { start += Int(length) }
      return String(decoding: bytes[start..<start + Int(length)], as: UTF8.self)
    }
  }

  /// Begins one operation of the foreground and waits for it.
  private func collective(
    _ operation: String, meanwhile work: () throws -> Void = {},
    _ call: (MPI_Comm, UnsafeMutablePointer<MPI_Request?>) throws -> Int32
  ) throws {
    guard size > 1 else { return }
    try foreground.begin(operation, call)
    try wait(meanwhile: work) { try foreground.isComplete }
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
