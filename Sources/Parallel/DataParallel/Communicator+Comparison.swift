import Diagnostics
import Files
import Foundation
import MPI

extension Communicator {
  /// How the ranks differ in the fields, the same answer on every rank; nil if they do not.
  ///
  /// A collective. What `fields` throws on any rank is thrown by all. A job of one rank does not call it.
  package func compare(_ fields: () throws -> [RankField]) throws -> RankDifference? {
    guard size > 1 else { return nil }
    let own = try together { try JSONText.encode(fields()) }
    // A rank of another program may have sent anything: it then has none of the fields.
    let rows = try allGather(own).map { text in
      (try? JSONText.decode([RankField].self, from: text)) ?? []
    }
    return RankDifference(hosts: hosts, fields: rows)
  }

  /// Throws one failure on all ranks unless the fields have rank 0's values on every rank. A collective.
  ///
  /// - Parameter remedy: called only when there is a difference.
  package func requireSame(
    _ kind: Failure.Kind, _ message: String, remedy: @autoclosure () -> String, _ fields: () throws -> [RankField]
  ) throws {
    guard let difference = try compare(fields) else { return }
    throw AgreedFailure(difference.failure(kind, message, remedy: remedy()))
  }
}
