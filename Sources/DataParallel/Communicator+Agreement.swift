import Diagnostics
import Foundation
import MPI

extension Communicator {
  /// Runs `work`, which need not be the same on all ranks, and lets all ranks go on only if it succeeded on all of them.
  ///
  /// A collective. When it failed somewhere, every rank throws the failure of the lowest rank that failed, so that the
  /// program ends everywhere with one message and one exit code.
  public func together<Result>(_ work: () throws -> Result) throws -> Result {
    let outcome = Swift.Result { try work() }
    guard size > 1 else { return try outcome.get() }
    var own = ""
    if case .failure(let error) = outcome { own = SharedFailure(error, rank: rank, host: host).text }
    let failures = try allGather(own)
    if let text = failures.first(where: { !$0.isEmpty }) { throw SharedFailure.decode(text) }
    return try outcome.get()
  }
}

/// A failure as it travels between ranks.
struct SharedFailure: Codable {
  let kind: Int32
  let message: String
  let location, expected, found, remedy: String?

  init(_ error: any Error, rank: Int, host: String) {
    let failure = error as? Failure ?? Failure(.defect, "\(error)")
    kind = failure.kind.rawValue
    message = failure.message
    location = ([failure.location, "rank \(rank) on \(host)"].compactMap { $0 }).joined(separator: ", ")
    (expected, found, remedy) = (failure.expected, failure.found, failure.remedy)
  }

  var text: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?" }

  static func decode(_ text: String) -> Failure {
    guard let shared = try? JSONDecoder().decode(SharedFailure.self, from: Data(text.utf8)) else {
      return Failure(.defect, "a rank failed: \(text)")
    }
    return Failure(
      Failure.Kind(rawValue: shared.kind) ?? .defect, shared.message, at: shared.location, expected: shared.expected,
      found: shared.found, remedy: shared.remedy)
  }
}
