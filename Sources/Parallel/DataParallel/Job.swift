import Diagnostics
import MPI

/// A program's work on all ranks, from joining to leaving.
public enum Job {
  /// The same for a program of this name, whose failures and late ranks go to standard error as lines of `name: …`.
  public static func run(named name: String, work: (Communicator) throws -> Int32) -> Int32 {
    run(report: { Console.errors.write("\(name): \($0)\n") }, work: work)
  }

  /// Joins the job that a launcher started this process in, runs `work`, and leaves; returns the exit code.
  ///
  /// A failure that all ranks throw together (`AgreedFailure`) is reported once, by rank 0. One that only this rank
  /// knows of ends the whole job, since the others may wait for this rank for ever.
  ///
  /// - Parameter goesOnAlone: whether `work` is also done where this process cannot join its job, on a communicator
  ///   that says why (`joinFailure`).
  /// - Parameter report: called with failures and with ranks that are late, as text for the user.
  public static func run(
    goesOnAlone: Bool = false, report: @escaping (String) -> Void, work: (Communicator) throws -> Int32
  ) -> Int32 {
    StandardStreams.reserve()
    let communicator: Communicator
    do { communicator = try Communicator.join() } catch {
      let failure = failure(error)
      guard goesOnAlone else {
        report("error: \(failure)")
        return failure.kind.rawValue
      }
      communicator = .alone(because: failure)
    }
    communicator.stallWatch?.report = report
    do {
      let code = try work(communicator)
      communicator.leave()
      return code
    } catch let agreed as AgreedFailure {
      // Every rank is here. Rank 0 speaks before any rank leaves, since mpirun ends the others when one has left.
      if communicator.rank == 0 { report("error: \(agreed.failure)") }
      communicator.leave()
      return agreed.failure.kind.rawValue
    } catch {
      let failure = failure(error)
      let place = communicator.size > 1 ? "\n  on:       rank \(communicator.rank) on \(communicator.host)" : ""
      report("error: \(failure)\(place)")
      communicator.abort(code: failure.kind.rawValue)
    }
  }

  private static func failure(_ error: any Error) -> Failure { error as? Failure ?? Failure(.defect, "\(error)") }
}
