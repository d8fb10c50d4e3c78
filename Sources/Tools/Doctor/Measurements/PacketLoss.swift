import Foundation
import Host
import MPI

/// How many of TCP's segments a host lost while the network was measured: those sent again, except where only the
/// answer was late, which the other side reports when it gets a segment twice (RFC 2883).
package struct PacketLoss: Codable, Equatable, Sendable {
  package var host: String
  package var sent: Int
  package var lost: Int

  /// Two busy hosts without any fault lost up to 3 of 1000.
  private static let limit = 0.008
  /// What may be chance.
  private static let least = 10

  package init(host: String, sent: Int, lost: Int) { (self.host, self.sent, self.lost) = (host, sent, lost) }

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
      own = [
        PacketLoss(
          host: communicator.host, sent: after.sent - before.sent, lost: max(0, after.lost - before.lost))
      ]
    }
    return (result, try communicator.allGather(own).flatMap { $0 })
  }

  /// Since the host's start; nil where its kernel does not count them.
  ///
  /// - Parameter root: where `/proc` is, for tests.
  package static func counts(root: String = "") -> (sent: Int, lost: Int)? {
    let (basic, more) = (table(root + "/proc/self/net/snmp", "Tcp:"), table(root + "/proc/self/net/netstat", "TcpExt:"))
    guard let sent = basic["OutSegs"], let again = basic["RetransSegs"], let inVain = more["TCPDSACKRecvSegs"] else {
      return nil
    }
    return (sent, again - inVain)
  }

  /// A line of names, then a line of numbers.
  private static func table(_ path: String, _ label: String) -> [String: Int] {
    let lines = SystemFile.text(path)?.split(separator: "\n").filter { $0.hasPrefix(label) } ?? []
    guard lines.count == 2 else { return [:] }
    let pairs = zip(lines[0].split(separator: " "), lines[1].split(separator: " ")).dropFirst()
    return Dictionary(pairs.compactMap { name, number in Int(number).map { (String(name), $0) } }) { first, _ in first }
  }

  package var finding: Finding? {
    let share = Double(lost) / Double(max(1, sent))
    guard lost >= Self.least, share > Self.limit else { return nil }
    return Finding(
      .network, .warning, "packets are lost", at: host, expected: "at most 0.8 % of TCP's segments",
      found: String(format: "%.1f %% of %d", 100 * share, sent),
      remedy: "look at cable, switch and interface (ethtool -S eth0, ip -s link) for errors and drops")
  }
}
