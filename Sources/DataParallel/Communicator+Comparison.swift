import Diagnostics
import Foundation
import MPI

extension Communicator {
  /// How the ranks differ in the fields, the same answer on every rank; nil if they do not.
  ///
  /// A collective. What `fields` throws on any rank is thrown by all. A job of one rank does not call it.
  public func compare(_ fields: () throws -> [RankField]) throws -> RankDifference? {
    guard size > 1 else { return nil }
    let own = try together { try JSONEncoder().encode(RankRow(host: host, fields: fields())) }
    let rows = try allGather(String(decoding: own, as: UTF8.self)).map(RankRow.init)
    return RankDifference(hosts: rows.map(\.host), fields: rows.map(\.fields))
  }

  /// Throws one failure on all ranks unless the fields have rank 0's values on every rank. A collective.
  ///
  /// - Parameter remedy: called when there is a difference only.
  public func requireSame(
    _ kind: Failure.Kind, _ message: String, remedy: @autoclosure () -> String, _ fields: () throws -> [RankField]
  ) throws {
    guard let difference = try compare(fields) else { return }
    throw AgreedFailure(difference.failure(kind, message, remedy: remedy()))
  }
}

/// The fields of one rank as they travel.
private struct RankRow: Codable {
  let host: String
  let fields: [RankField]

  init(host: String, fields: [RankField]) { (self.host, self.fields) = (host, fields) }

  /// A text that another program may have sent.
  init(_ text: String) {
    let row = try? JSONDecoder().decode(RankRow.self, from: Data(text.utf8))
    self = row ?? RankRow(host: "an unknown host", fields: [])
  }
}
