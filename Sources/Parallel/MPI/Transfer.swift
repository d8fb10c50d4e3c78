internal import CMPI

/// A pair of messages, or one collective, that is under way: begun, then tested until it is complete.
///
/// Made once and used again and again; beginning and testing allocate nothing. Memory that was given must stay as it is
/// until the transfer is complete. MPI moves data only while somebody tests or waits.
package final class Transfer {
  /// Transfers of different channels never match one another, whatever the order in which they are begun.
  package enum Channel: Sendable {
    /// What the step waits for.
    case foreground
    /// What runs alongside the step.
    case background
  }

  private unowned let communicator: Communicator
  private let handle: MPI_Comm?
  private let requests: UnsafeMutablePointer<MPI_Request?>
  private var count: Int32 = 0

  package init(_ communicator: Communicator, _ channel: Channel = .foreground) {
    self.communicator = communicator
    handle = channel == .foreground ? communicator.handle : communicator.backgroundHandle
    requests = .allocate(capacity: 2)
    requests.initialize(repeating: bt_mpi_request_null(), count: 2)
  }

  deinit { requests.deallocate() }

  /// Whether everything that was begun has arrived and may be used again.
  package var isComplete: Bool {
    get throws {
      guard count > 0 else { return true }
      var flag: Int32 = 0
      try communicator.check("MPI_Testall", MPI_Testall(count, requests, &flag, bt_mpi_statuses_ignore()))
      if flag != 0 { count = 0 }
      return flag != 0
    }
  }

  /// Whether the message of `exchange` has arrived; what was sent may still be under way.
  package var hasReceived: Bool {
    get throws {
      guard count > 0 else { return true }
      var flag: Int32 = 0
      try communicator.check("MPI_Test", MPI_Test(requests, &flag, bt_mpi_status_ignore()))
      return flag != 0
    }
  }

  /// Begins to send `send` to `partner` and to receive `receive` from it. The partner does the same with this tag.
  package func exchange<Element: MPIElement>(
    with partner: Int, tag: Int, send: UnsafeBufferPointer<Element>, receive: UnsafeMutableBufferPointer<Element>
  ) throws {
    try begin("MPI_Irecv") {
      MPI_Irecv(
        receive.baseAddress, try communicator.length(receive.count), Element.mpiType, Int32(partner), Int32(tag), $0, $1
      )
    }
    try begin("MPI_Isend") {
      MPI_Isend(
        send.baseAddress, try communicator.length(send.count), Element.mpiType, Int32(partner), Int32(tag), $0, $1)
    }
  }

  /// Begins to replace `values` on every rank by their sum over the ranks, in MPI's own order. A collective.
  package func sum<Element: MPIElement>(_ values: UnsafeMutableBufferPointer<Element>) throws {
    try begin("MPI_Iallreduce") {
      MPI_Iallreduce(
        bt_mpi_in_place(), values.baseAddress, try communicator.length(values.count), Element.mpiType, bt_mpi_sum(), $0,
        $1)
    }
  }

  /// Begins whatever `call` begins on this transfer's channel.
  func begin(_ operation: String, _ call: (MPI_Comm, UnsafeMutablePointer<MPI_Request?>) throws -> Int32) throws {
    guard let handle else { return }
    try communicator.check(operation, try call(handle, requests + Int(count)))
    count += 1
  }
}
