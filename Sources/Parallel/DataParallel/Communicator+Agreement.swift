import Diagnostics
import Files
import Foundation
import MPI

/// A failure that all ranks know of and throw together: the program ends everywhere with one message and one exit code.
///
/// Any other error is known to one rank only, which must abort the job, since the others wait for it in a collective.
public struct AgreedFailure: Error, Sendable {
  public let failure: Failure

  public init(_ failure: Failure) { self.failure = failure }
}

extension Communicator {
  /// Runs `work`, which need not be the same on all ranks, and lets all ranks continue only if it succeeded on all of
  /// them.
  ///
  /// A collective. If it failed somewhere, every rank throws the failure of the lowest rank that failed as an
  /// `AgreedFailure`.
  public func together<Result>(_ work: () throws -> Result) throws -> Result {
    let outcome = Swift.Result { try work() }
    var own = ""
    if case .failure(let error) = outcome {
      let failure = SharedFailure(error, rank: rank, host: host, ranks: size)
      guard size > 1 else { throw AgreedFailure(failure.failure) }
      own = failure.text
    }
    let failures = try allGather(own)
    if let text = failures.first(where: { !$0.isEmpty }) { throw AgreedFailure(SharedFailure.decode(text)) }
    return try outcome.get()
  }

  /// Runs `work` on rank 0 and lets the others wait; its failure is thrown on all ranks. A collective.
  public func onRoot(_ work: () throws -> Void) throws {
    try together { if rank == 0 { try work() } }
  }

  /// Rank 0's text on every rank. A collective.
  public func broadcast(_ text: String) throws -> String {
    guard size > 1 else { return text }
    return try allGather(rank == 0 ? text : "")[0]
  }
}

/// A failure as it travels between ranks.
private struct SharedFailure: Codable {
  let kind: Int32
  let message: String
  let location, expected, found, remedy: String?
  /// nil for a single thing.
  let parts: [SharedFailure]?

  init(_ error: any Error, rank: Int, host: String, ranks: Int) {
    let failure = (error as? AgreedFailure)?.failure ?? error as? Failure ?? Failure(.defect, "\(error)")
    kind = failure.kind.rawValue
    message = failure.message
    // An option that is wrong for rank 0 is wrong everywhere; data and disks may differ between ranks and hosts.
    let isLocal = failure.kind != .usage || rank > 0
    let isPlain = failure.parts.isEmpty && !(error is AgreedFailure)
    let place = ranks > 1 && isLocal && isPlain ? "rank \(rank) on \(host)" : nil
    let places = [failure.location, place].compactMap { $0 }
    location = places.isEmpty ? nil : places.joined(separator: ", ")
    expected = failure.expected
    found = failure.found
    remedy = failure.remedy
    let isPlaced = error is AgreedFailure
    parts =
      failure.parts.isEmpty
      ? nil
      : failure.parts.map { part in
        SharedFailure(isPlaced ? AgreedFailure(part) : part, rank: rank, host: host, ranks: ranks)
      }
  }

  var text: String { (try? JSONText.encode(self)) ?? "?" }

  var failure: Failure {
    if let parts, let failure = Failure(parts.map(\.failure)) { return failure }
    return Failure(
      Failure.Kind(rawValue: kind) ?? .defect, message, at: location, expected: expected, found: found, remedy: remedy)
  }

  static func decode(_ text: String) -> Failure {
    guard let shared = try? JSONText.decode(SharedFailure.self, from: text) else {
      return Failure(.defect, "a rank failed: \(text)")
    }
    return shared.failure
  }
}
