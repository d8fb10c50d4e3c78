import Diagnostics
import Foundation
import MPI
import Training

/// How far a host's clock is ahead of rank 0's.
struct ClockOffset: Encodable, Equatable, Sendable {
  var host: String
  /// Seconds; negative where it is behind.
  var seconds: Double
  /// How far off `seconds` may be at most.
  var uncertainty: Double

  /// Seconds above which the records of hosts, time limits and the ages of files contradict one another.
  static let limit = 1.0
  private static let exchanges = 10

  /// Cristian's algorithm: the shortest of several exchanges is the most exact. A collective; the results are rank 0's.
  static func measure(_ hosts: [HostFacts], _ communicator: Communicator) throws -> [ClockOffset] {
    var offsets: [ClockOffset] = []
    for host in hosts.dropFirst() {
      communicator.position.place = "comparing the clock of \(host.host)"
      if communicator.rank == 0 {
        var best = ClockOffset(host: host.host, seconds: 0, uncertainty: .infinity)
        for _ in 0..<exchanges {
          let (start, began) = (Date().timeIntervalSince1970, monotonicSeconds())
          try communicator.send([0], to: host.ranks[0])
          let other = try communicator.receive(1, from: host.ranks[0])[0]
          let trip = monotonicSeconds() - began
          if trip / 2 < best.uncertainty {
            (best.seconds, best.uncertainty) = (other - (start + trip / 2), trip / 2)
          }
        }
        offsets.append(best)
      } else if communicator.rank == host.ranks[0] {
        for _ in 0..<exchanges {
          _ = try communicator.receive(1, from: 0)
          try communicator.send([Date().timeIntervalSince1970], to: 0)
        }
      }
    }
    return offsets
  }

  private static func text(_ seconds: Double) -> String {
    seconds < 2 * 86400 ? String(format: "%.1f s", seconds) : String(format: "%.1f days", seconds / 86400)
  }

  func finding(root: String) -> Finding? {
    guard abs(seconds) - uncertainty > Self.limit else { return nil }
    return Finding(
      .clock, .warning, "the clock differs from that of \(root)", at: host,
      expected: "at most \(Int(Self.limit)) s",
      found: "\(Self.text(abs(seconds))) \(seconds > 0 ? "ahead" : "behind")",
      remedy:
        "let both follow a time server: systemctl enable --now chrony (or systemd-timesyncd), and timedatectl to see")
  }
}
