import Diagnostics
import Foundation
import MPI
import Tensors
import Training

/// How fast two hosts talk, or two ranks of one host.
package struct Link: Codable, Equatable, Sendable {
  package var from: String
  /// Equal to `from` for ranks of one host.
  package var to: String
  /// Of a message of 8 bytes, one way; the fastest of several.
  package var microseconds: Double
  /// Of the longest messages that were sent, one way; the median.
  package var bytesPerSecond: Double
  /// Of the fastest of them: what the network gives while other programs take the cores.
  package var bestBytesPerSecond: Double
  /// The part of the time for which one of the ranks had to wait for a core; then the times say more about the hosts
  /// than about the network between them.
  package var waitedForCore: Double

  package init(
    from: String, to: String, microseconds: Double, bytesPerSecond: Double, best: Double? = nil,
    waitedForCore: Double = 0
  ) {
    self.from = from
    self.to = to
    self.microseconds = microseconds
    self.bytesPerSecond = bytesPerSecond
    (bestBytesPerSecond, self.waitedForCore) = (best ?? bytesPerSecond, waitedForCore)
  }

  var isInsideHost: Bool { from == to }
  var text: String { "\(Self.rate(bytesPerSecond)), \(Self.time(microseconds)) a message" }

  static func rate(_ value: Double) -> String {
    value < 999.5e6 ? String(format: "%.0f MB/s", value * 1e-6) : String(format: "%.1f GB/s", value * 1e-9)
  }

  static func time(_ microseconds: Double) -> String {
    microseconds < 999.5 ? String(format: "%.0f µs", microseconds) : String(format: "%.1f ms", microseconds * 1e-3)
  }
}

/// Messages back and forth between the first ranks of hosts, and between two ranks of each host.
package struct LinkMeasurement {
  private let communicator: Communicator
  /// As long as a bucket of gradients.
  private let message: AlignedBuffer<UInt8>
  private static let sizes = [1 << 16, 1 << 18, 1 << 20, 4 << 20]
  /// At most so many seconds go to messages of one size, unless one of them takes longer.
  private static let limit = 0.1
  /// Rounds in which every host meets another one: enough for all pairs of one host more than that.
  private static let rounds = 15

  /// All pairs of up to 16 hosts, and fifteen for each host where there are more; the same on every rank. A collective.
  static func links(_ hosts: [HostFacts], _ communicator: Communicator) throws -> [Link] {
    let measurement = try LinkMeasurement(communicator)
    communicator.position.place = "measuring the network"
    var own: [Link] = []
    for round in pairs(of: hosts.count).prefix(rounds) {
      for (a, b) in round {
        own +=
          try measurement.link((hosts[a].host, hosts[a].ranks[0]), (hosts[b].host, hosts[b].ranks[0])).map { [$0] }
          ?? []
      }
      // Disjoint pairs at the same time, one round after the other.
      _ = try communicator.maximum([0])
    }
    for host in hosts where host.ranks.count > 1 {
      own += try measurement.link((host.host, host.ranks[0]), (host.host, host.ranks[1])).map { [$0] } ?? []
    }
    return try communicator.allGather(own).flatMap { $0 }
  }

  /// Rounds of disjoint pairs in which everyone meets everyone once: the circle method of tournaments.
  package static func pairs(of count: Int) -> [[(Int, Int)]] {
    guard count > 1 else { return [] }
    let even = count + count % 2
    return (0..<even - 1).map { round in
      let circle = [0] + (0..<even - 1).map { 1 + ($0 + round) % (even - 1) }
      let pairs = (0..<even / 2).map {
        (min(circle[$0], circle[even - 1 - $0]), max(circle[$0], circle[even - 1 - $0]))
      }
      // With an odd number one host rests.
      return pairs.filter { $0.1 < count }.sorted { $0.0 < $1.0 }
    }
  }

  private init(_ communicator: Communicator) throws {
    self.communicator = communicator
    message = try AlignedBuffer(4 << 20)
  }

  /// The result on the first of the two ranks; nil on all others, which have nothing to do.
  private func link(_ first: (host: String, rank: Int), _ second: (host: String, rank: Int)) throws -> Link? {
    let (start, waited) = (monotonicSeconds(), CoreWait.ofThread)
    /// Seconds for which this rank has had no core.
    func wait() -> Double { CoreWait.ofThread - waited }
    if communicator.rank == second.rank {
      while true {
        let order = try communicator.receive(2, from: first.rank)
        let (bytes, repeats) = (Int(order[0]), Int(order[1]))
        if repeats == 0 {
          try communicator.send([wait()], to: first.rank)
          return nil
        }
        for _ in 0..<repeats {
          try communicator.receive(message.pointer, count: bytes, from: first.rank)
          try communicator.send(message.pointer, count: bytes, to: first.rank)
        }
      }
    }
    guard communicator.rank == first.rank else { return nil }
    let latency = try times(bytes: 8, repeats: 50, with: second.rank).min()!
    var (seconds, fastest, bytes) = (0.0, 0.0, 0)
    for size in Self.sizes where bytes == 0 || seconds * Double(size / bytes) < 3 * Self.limit {
      // The first trip makes a connection's window and the like grow.
      let trip = try times(bytes: size, repeats: 1, with: second.rank)[0]
      let repeats = max(trip < 5 * Self.limit ? 3 : 1, min(20, Int(Self.limit / 2 / max(trip, 1e-6))))
      let all = try times(bytes: size, repeats: repeats, with: second.rank).sorted()
      seconds = all[all.count / 2]
      fastest = all[0]
      bytes = size
    }
    try communicator.send([0, 0], to: second.rank)
    let waits = max(wait(), try communicator.receive(1, from: second.rank)[0])
    return Link(
      from: first.host, to: second.host, microseconds: 1e6 * latency, bytesPerSecond: Double(bytes) / seconds,
      best: Double(bytes) / fastest, waitedForCore: waits / (monotonicSeconds() - start))
  }

  /// Seconds one way, for each of several messages.
  private func times(bytes: Int, repeats: Int, with rank: Int) throws -> [Double] {
    try communicator.send([Double(bytes), Double(repeats)], to: rank)
    return try (0..<repeats).map { _ in
      let start = monotonicSeconds()
      try communicator.send(message.pointer, count: bytes, to: rank)
      try communicator.receive(message.pointer, count: bytes, from: rank)
      return (monotonicSeconds() - start) / 2
    }
  }
}
