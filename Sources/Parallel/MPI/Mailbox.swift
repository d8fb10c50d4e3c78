internal import CMPI

/// Short texts to and from other ranks, outside of collectives: sent without waiting, read when they are there.
final class Mailbox {
  /// Bytes of a message; a longer text is cut.
  private static let size = 256
  private static let tag: Int32 = 30_000
  private let handle: MPI_Comm

  init(_ handle: MPI_Comm) { self.handle = handle }

  /// Sends `text` to `rank`, which may never read it: the message's memory is given to MPI for good.
  func post(_ text: String, to rank: Int) {
    let message = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.size)
    message.initialize(repeating: 0, count: Self.size)
    for (i, byte) in text.utf8.prefix(Self.size).enumerated() { message[i] = byte }
    var request: MPI_Request? = bt_mpi_request_null()
    MPI_Isend(message, Int32(Self.size), bt_mpi_byte(), Int32(rank), Self.tag, handle, &request)
    MPI_Request_free(&request)
  }

  /// The oldest message that has arrived; nil if there is none.
  func next() -> (sender: Int, text: String)? {
    var flag: Int32 = 0
    var status = MPI_Status()
    guard MPI_Iprobe(bt_mpi_any_source(), Self.tag, handle, &flag, &status) == bt_mpi_success(), flag != 0 else {
      return nil
    }
    var message = [UInt8](repeating: 0, count: Self.size)
    let sender = status.MPI_SOURCE
    MPI_Recv(&message, Int32(Self.size), bt_mpi_byte(), sender, Self.tag, handle, bt_mpi_status_ignore())
    return (Int(sender), String(decoding: message.prefix { $0 != 0 }, as: UTF8.self))
  }
}
