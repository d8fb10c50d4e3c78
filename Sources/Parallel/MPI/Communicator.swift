internal import CMPI
import Diagnostics
import Foundation
import Host

/// The ranks of one job and their collectives: all of bt-dist's calls to MPI go through here.
///
/// Without `mpirun` or `srun` it is one rank, and MPI is not touched. Collectives are called by one thread at a time,
/// in the same order on every rank. Every status is checked; a failed call throws a `Failure` that names the operation,
/// the rank and the host: `.interrupted` when a rank or the network was lost in a run, which the next launch mends.
public final class Communicator {
  public let rank: Int
  public let size: Int
  public let host: String
  /// Every rank's host.
  public private(set) var hosts: [String]
  /// Seconds that the main thread has spent on communication so far: waiting, and moving on what runs alongside the
  /// step.
  public internal(set) var secondsOfCommunication = 0.0
  /// Where this rank is in the run; whoever calls collectives keeps it true, for messages about ranks that are late.
  public var position = Position()
  /// Notices ranks that do not come.
  public private(set) var stallWatch: StallWatch?
  /// Why this process is on its own although it was started with others; see `alone(because:)`.
  public private(set) var joinFailure: Failure?

  /// For operations that are begun and waited for at once.
  private(set) lazy var foreground = Transfer(self)

  /// MPI's communicator; nil for one rank without MPI.
  let handle: MPI_Comm?
  /// The same ranks, for `Transfer.Channel.background`.
  let backgroundHandle: MPI_Comm?
  /// MPI counts are 32-bit: longer messages go in pieces of this many elements.
  static let longestMessage = 1 << 28

  private init(rank: Int, size: Int, host: String, handle: MPI_Comm?, backgroundHandle: MPI_Comm?) {
    self.rank = rank
    self.size = size
    self.host = host
    hosts = [host]
    (self.handle, self.backgroundHandle) = (handle, backgroundHandle)
  }

  /// Joins the job that a launcher started this process in; call once in a process.
  public static func join() throws -> Communicator {
    let host = ProcessInfo.processInfo.hostName
    Launcher.watch()
    guard let launcher = Launcher.current else { return alone() }
    guard launcher.connects else {
      throw Failure(
        .usage, "srun started \(launcher.size.counted("process", "processes")) that cannot find one another",
        at: "host \(host)",
        expected: "PMIx", found: "no PMIX_RANK in the environment",
        remedy: "start with srun --mpi=pmix where `srun --mpi=list` has it, else with Open MPI's mpirun inside the job")
    }
    var provided: Int32 = 0
    let status = MPI_Init_thread(nil, nil, bt_mpi_thread_serialized(), &provided)
    guard status == bt_mpi_success(), provided >= bt_mpi_thread_serialized() else {
      throw Failure(
        .defect, "MPI_Init_thread failed (status \(status), thread level \(provided))", at: "host \(host)",
        remedy: "start the program with Open MPI's own mpirun; `mpirun --version` must say Open MPI 4.1 or later")
    }
    let world = bt_mpi_comm_world()
    MPI_Comm_set_errhandler(world, bt_mpi_errors_return())
    var rank: Int32 = 0
    var size: Int32 = 0
    MPI_Comm_rank(world, &rank)
    MPI_Comm_size(world, &size)
    if launcher.size != Int(size) {
      MPI_Finalize()
      throw Failure(
        .usage,
        "the launcher started \(launcher.size.counted("process", "processes")), "
          + "but MPI sees \(Int(size).counted("rank"))",
        at: "host \(host)", remedy: "use the mpirun of the Open MPI that bt-dist is linked with, or srun --mpi=pmix")
    }
    var background: MPI_Comm? = bt_mpi_comm_null()
    MPI_Comm_dup(world, &background)
    let communicator = Communicator(
      rank: Int(rank), size: Int(size), host: host, handle: world, backgroundHandle: background)
    if size > 1 {
      communicator.hosts = try communicator.allGather(host)
      communicator.stallWatch = StallWatch(rank: Int(rank), hosts: communicator.hosts, mailbox: Mailbox(world!))
    }
    return communicator
  }

  /// One rank without MPI.
  ///
  /// - Parameter failure: why it could not join its job, for those who continue all the same.
  public static func alone(because failure: Failure? = nil) -> Communicator {
    let host = ProcessInfo.processInfo.hostName
    let communicator = Communicator(rank: 0, size: 1, host: host, handle: nil, backgroundHandle: nil)
    communicator.joinFailure = failure
    return communicator
  }

  /// Leaves the job: the last call on this communicator, on every rank.
  public func leave() {
    // Without the launcher there is nobody to take leave of, and MPI would wait.
    if handle != nil, !Launcher.isGone { MPI_Finalize() }
  }

  /// Ends all ranks at once. For a rank that can no longer reach the others in an orderly way.
  public func abort(code: Int32) -> Never {
    if let handle, !Launcher.isGone { MPI_Abort(handle, code) }
    exit(code)
  }

  /// Turns a bad status of an MPI call into a `Failure`.
  func check(_ operation: String, _ status: Int32) throws {
    guard status == bt_mpi_success() else {
      var text = [CChar](repeating: 0, count: Int(bt_mpi_max_error_string()) + 1)
      var length: Int32 = 0
      MPI_Error_string(status, &text, &length)
      let message = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
      let place = "rank \(rank) on \(host), \(position)"
      guard position.step > 0, bt_mpi_is_loss(status) != 0 else {
        throw Failure(.defect, "\(operation) failed: \(message)", at: place)
      }
      throw Failure(
        .interrupted, "\(operation) failed, a rank or the network was lost: \(message)", at: place,
        remedy: "launch again: the run resumes from its newest checkpoint")
    }
  }

  /// A number of elements as MPI counts them.
  func length(_ count: Int) throws -> Int32 {
    guard let length = Int32(exactly: count) else {
      throw Failure(
        .usage, "a message of \(count.counted("element")) is longer than MPI's 2³¹ − 1",
        at: "rank \(rank), \(position)",
        remedy: "use a smaller batch or embedding")
    }
    return length
  }
}
