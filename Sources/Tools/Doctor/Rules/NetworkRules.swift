import Foundation

/// What is wrong with the network between hosts.
package struct NetworkRules {
  /// Bytes a second: half of what a network of 1 Gbit/s gives.
  private static let leastRate = 60e6
  /// Microseconds: ten times what a network of 1 Gbit/s needs.
  private static let longest = 1000.0
  /// How many times as slow as the faster links one may be.
  private static let spread = 3.0
  /// The part of an interface's speed that has to be reached.
  private static let leastShare = 0.1

  /// If ranks wait for cores for more than this part of the time, times say more about hosts than about the network.
  private static let busy = 0.2

  private let hosts: [HostFacts]
  private let links: [Link]

  package init(_ hosts: [HostFacts], _ links: [Link]) {
    (self.hosts, self.links) = (hosts, links.filter { !$0.isInsideHost })
  }

  /// One for each host whose links are slow, and one for each slow link between others.
  package var findings: [Finding] {
    var slow = links.filter { isSlow($0) }
    var findings: [Finding] = []
    while !slow.isEmpty {
      let counts = hosts.map { host in slow.count { [$0.from, $0.to].contains(host.host) } }
      let worst = counts.indices.max { counts[$0] < counts[$1] }!
      guard counts[worst] > 1 else { break }
      let host = hosts[worst].host
      let own = slow.filter { [$0.from, $0.to].contains(host) }
      slow.removeAll { [$0.from, $0.to].contains(host) }
      findings.append(
        finding(own.min { $0.bytesPerSecond < $1.bytesPerSecond }!, at: "\(host), to \(own.count) other hosts"))
    }
    return findings + slow.map { finding($0, at: "\($0.from) – \($0.to)") } + unknown
  }

  /// What three quarters of the links do not surpass: a host that is slow makes up to half of them slow, or more.
  private var usual: (rate: Double, microseconds: Double)? {
    guard links.count > 2 else { return nil }
    let (rates, times) = (links.map(\.bytesPerSecond).sorted(), links.map(\.microseconds).sorted())
    return (rates[links.count * 3 / 4], times[links.count / 4])
  }

  private func least(_ link: Link) -> Double {
    let others = usual.map { $0.rate / Self.spread } ?? 0
    return max(Self.leastRate, others, (interface(link)?.bytesPerSecond ?? 0) * Self.leastShare)
  }

  private func longest(_ link: Link) -> Double {
    min(Self.longest, usual.map { max(200, $0.microseconds * Self.spread) } ?? Self.longest)
  }

  private func isSlow(_ link: Link) -> Bool {
    isBusy(link)
      ? link.bestBytesPerSecond < Self.leastRate
      : link.bytesPerSecond < least(link) || link.microseconds > longest(link)
  }

  private func isBusy(_ link: Link) -> Bool { link.waitedForCore > Self.busy }

  /// Links whose times would be a slow network's if other programs did not keep their hosts busy.
  private var unknown: [Finding] {
    links.filter { link in
      isBusy(link) && !isSlow(link) && (link.bytesPerSecond < Self.leastRate || link.microseconds > Self.longest)
    }.map { link in
      Finding(
        .network, .note, "the network cannot be judged: its hosts are busy", at: "\(link.from) – \(link.to)",
        expected: "ranks that need not wait for cores",
        found: "\(link.text); ranks waited for cores for \(Int(100 * link.waitedForCore)) % of the time",
        remedy: "end other programs there or start fewer ranks, and call bt-dist doctor again")
    }
  }

  /// The fastest interface of the slower of the two hosts.
  private func interface(_ link: Link) -> NetworkInterface? {
    let ends = [link.from, link.to].map { name in
      hosts.first { $0.host == name }?.facts[0].interfaces.max { $0.megabits < $1.megabits }
    }
    return ends.contains { $0 == nil } ? nil : ends.compactMap { $0 }.min { $0.megabits < $1.megabits }
  }

  private func finding(_ link: Link, at place: String) -> Finding {
    let interfaces = hosts.first { $0.host == link.to }?.facts[0].interfaces ?? []
    let known = interfaces.isEmpty ? "" : "; \(link.to) has \(interfaces.map(\.text).joined(separator: ", "))"
    return Finding(
      .network, .warning, "a slow network", at: place,
      expected: "\(Link.rate(least(link))) and \(Link.time(longest(link))) a message",
      found: link.text + known,
      remedy: "look at cable, switch and interface (ethtool eth0) and at what else uses them; where hosts have several "
        + "networks, name the fast one: BT_DIST_INTERFACE=eth0 with the scripts of launch/, or mpirun --mca "
        + "btl_tcp_if_include eth0")
  }
}
