import Doctor
import Foundation
import TestSupport
import Testing

/// Which links of a cluster are slow.
@Suite struct NetworkRulesTests {
  private static let names = ["a", "b", "c", "d"]

  private func hosts(megabits: Int? = nil) -> [HostFacts] {
    Self.names.enumerated().map { index, name in
      MadeUpHosts.host(MadeUpHosts.processor(cores: 4), name: name, threads: 4, allowed: [nil], firstRank: index) {
        if let megabits { $0.interfaces = [NetworkInterface(name: "eth0", megabits: megabits)] }
      }
    }
  }

  /// All pairs; those for which `isSlow` holds have other numbers.
  private func links(
    hosts: Int = 4, rate: Double = 1e9, microseconds: Double = 30, slow: (Double, Double) = (1e9, 30),
    _ isSlow: (String, String) -> Bool = { _, _ in false }
  ) -> [Link] {
    Self.names.prefix(hosts).enumerated().flatMap { index, from in
      Self.names.prefix(hosts).dropFirst(index + 1).map { to in
        let (ownRate, time) = isSlow(from, to) ? slow : (rate, microseconds)
        return Link(from: from, to: to, microseconds: time, bytesPerSecond: ownRate)
      }
    }
  }

  @Test func whatIsWell() {
    #expect(NetworkRules(hosts(), links()).findings == [])
    #expect(NetworkRules(hosts(), links(rate: 110e6, microseconds: 80)).findings == [])
    #expect(NetworkRules(hosts(), []).findings == [])
    // Ranks of one host.
    #expect(NetworkRules(hosts(), [Link(from: "a", to: "a", microseconds: 1, bytesPerSecond: 1)]).findings == [])
  }

  /// Where other programs take the cores, times reflect the hosts; only a link that is never fast is slow.
  @Test func busyHosts() {
    func link(rate: Double, best: Double, microseconds: Double, busy: Double) -> Link {
      Link(
        from: "a", to: "b", microseconds: microseconds, bytesPerSecond: rate, best: best, waitedForCore: busy)
    }
    func severities(_ link: Link) -> [Finding.Severity] { NetworkRules(hosts(), [link]).findings.map(\.severity) }
    #expect(severities(link(rate: 40e6, best: 300e6, microseconds: 30, busy: 0.5)) == [.note])
    #expect(severities(link(rate: 300e6, best: 900e6, microseconds: 4000, busy: 0.5)) == [.note])
    #expect(severities(link(rate: 300e6, best: 900e6, microseconds: 900, busy: 0.9)) == [])
    #expect(severities(link(rate: 5e6, best: 12e6, microseconds: 30, busy: 0.9)) == [.warning])
    #expect(severities(link(rate: 300e6, best: 900e6, microseconds: 4000, busy: 0.1)) == [.warning])
    // Like a link that loses packets.
    #expect(severities(link(rate: 3e6, best: 900e6, microseconds: 30, busy: 0.1)) == [.warning])
  }

  @Test func twoHosts() {
    let slow = NetworkRules(hosts(), links(hosts: 2, rate: 12e6)).findings
    #expect(slow.map(\.check) == [.network] && slow[0].location == "a – b")
    #expect(slow[0].expected == "60 MB/s and 1.0 ms a message" && slow[0].found?.hasPrefix("12 MB/s, 30 µs") == true)
    #expect(NetworkRules(hosts(), links(hosts: 2, microseconds: 5000)).findings.count == 1)
  }

  /// One finding names the host that all slow links have in common.
  @Test func aHostWithASlowLink() {
    let found = NetworkRules(hosts(), links(slow: (100e6, 40)) { $0 == "c" || $1 == "c" }).findings
    #expect(found.map(\.location) == ["c, to 3 other hosts"])
    let late = NetworkRules(hosts(), links(slow: (1e9, 400)) { $0 == "c" || $1 == "c" }).findings
    #expect(late.map(\.location) == ["c, to 3 other hosts"])
  }

  @Test func aSlowPair() {
    let found = NetworkRules(hosts(), links(slow: (100e6, 40)) { $0 == "b" && $1 == "d" }).findings
    #expect(found.map(\.location) == ["b – d"])
  }

  /// Much less than the interface can do, as over the wrong one of two.
  @Test func anInterfaceThatIsNotUsed() {
    #expect(NetworkRules(hosts(megabits: 1000), links(rate: 110e6)).findings == [])
    let found = NetworkRules(hosts(megabits: 100_000), links(hosts: 2, rate: 110e6)).findings
    #expect(found.count == 1 && found[0].expected?.hasPrefix("1.2 GB/s") == true)
    #expect(found[0].found?.hasSuffix("b has eth0 100 Gbit/s") == true && found[0].remedy.contains("BT_DIST_INTERFACE"))
  }

  /// Everyone meets everyone once, and no one two at the same time.
  @Test(arguments: [2, 3, 4, 5, 8, 13])
  func roundsOfPairs(of count: Int) {
    let rounds = LinkMeasurement.pairs(of: count)
    #expect(rounds.count == count - 1 + count % 2)
    for round in rounds { #expect(Set(round.flatMap { [$0.0, $0.1] }).count == 2 * round.count) }
    let pairs = rounds.joined().map { [$0.0, $0.1] }
    #expect(Set(pairs).count == count * (count - 1) / 2 && pairs.count == count * (count - 1) / 2)
    #expect(pairs.allSatisfy { $0[0] < $0[1] && $0[1] < count })
  }

  @Test func noPairs() {
    #expect(LinkMeasurement.pairs(of: 1).isEmpty && LinkMeasurement.pairs(of: 0).isEmpty)
  }

  @Test(arguments: [(100_000, 700, false), (100_000, 900, true), (100, 9, false), (0, 0, false)])
  func packetsThatAreLost(_ sent: Int, _ lost: Int, _ isFound: Bool) {
    let finding = PacketLoss(host: "b", sent: sent, lost: lost).finding
    #expect((finding != nil) == isFound && (finding?.location ?? "b") == "b")
  }

  @Test func countsOfTheSystem() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("proc/self/net"), withIntermediateDirectories: true)
    func write(_ name: String, _ text: String) throws {
      try text.write(toFile: folder.file("proc/self/net/\(name)"), atomically: true, encoding: .utf8)
    }
    try write("snmp", "Ip: X\nIp: 1\nTcp: MaxConn OutSegs RetransSegs InErrs\nTcp: -1 3183465 693 0\nUdp: X\nUdp: 2\n")
    #expect(PacketLoss.counts(root: folder.path) == nil)
    try write("netstat", "TcpExt: TCPTimeouts TCPDSACKRecvSegs\nTcpExt: 5 600\nIpExt: X\nIpExt: 1\n")
    let counts = try #require(PacketLoss.counts(root: folder.path))
    #expect(counts == (3_183_465, 93))
    #expect(PacketLoss.counts(root: folder.file("none")) == nil)
  }
}
