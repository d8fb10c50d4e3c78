import Diagnostics
import Foundation
import MPI
import Tensors

/// How many of TCP's segments a host had to send again while the network was measured: because they were lost, or the
/// answer to them.
package struct PacketLoss: Codable, Equatable, Sendable {
  package var host: String
  package var sent: Int
  package var sentAgain: Int

  /// Three times what busy hosts without any fault were seen to send again.
  private static let limit = 0.015
  /// What may be chance.
  private static let least = 10

  package init(host: String, sent: Int, sentAgain: Int) {
    (self.host, self.sent, self.sentAgain) = (host, sent, sentAgain)
  }

  /// Counts on every host what is sent during `work`, by all its programs. A collective; the same on every rank. Empty for
  /// one host, and where the system does not count.
  static func during<Result>(
    _ hosts: [HostFacts], _ communicator: Communicator, _ work: () throws -> Result
  ) throws -> (Result, [PacketLoss]) {
    let before = counts()
    let result = try work()
    guard hosts.count > 1 else { return (result, []) }
    var own: [PacketLoss] = []
    if hosts.contains(where: { $0.ranks[0] == communicator.rank }), let before, let after = counts() {
      own = [PacketLoss(host: communicator.host, sent: after.sent - before.sent, sentAgain: after.again - before.again)]
    }
    let text = String(decoding: try JSONEncoder().encode(own), as: UTF8.self)
    return (
      result,
      try communicator.allGather(text).flatMap { try JSONDecoder().decode([PacketLoss].self, from: Data($0.utf8)) }
    )
  }

  /// A line of names, then a line of numbers.
  ///
  /// - Parameter root: where `/proc` is, for tests.
  package static func counts(root: String = "") -> (sent: Int, again: Int)? {
    let lines = SystemFile.text(root + "/proc/self/net/snmp")?.split(separator: "\n").filter { $0.hasPrefix("Tcp:") }
    guard let lines, lines.count == 2 else { return nil }
    let (names, numbers) = (lines[0].split(separator: " "), lines[1].split(separator: " "))
    func number(_ name: String) -> Int? {
      names.firstIndex(of: Substring(name)).flatMap { numbers.indices.contains($0) ? Int(numbers[$0]) : nil }
    }
    guard let sent = number("OutSegs"), let again = number("RetransSegs") else { return nil }
    return (sent, again)
  }

  package var finding: Finding? {
    let share = Double(sentAgain) / Double(max(1, sent))
    guard sentAgain >= Self.least, share > Self.limit else { return nil }
    return Finding(
      .network, .warning, "packets are lost", at: host, expected: "1.5 % of TCP's segments sent again at the most",
      found: String(format: "%.1f %% of %d", 100 * share, sent),
      remedy: "look at cable, switch and interface (ethtool -S eth0, ip -s link) for errors and drops")
  }
}
