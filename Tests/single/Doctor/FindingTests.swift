import Doctor
import Testing

/// Findings of hosts that are alike become one.
@Suite struct FindingTests {
  private func crowded(_ name: String, firstRank: Int, cores: Int = 4) -> [Finding] {
    let host = MadeUpHosts.host(
      MadeUpHosts.processor(cores: cores), name: name, threads: 8, allowed: [nil], firstRank: firstRank)
    return PlacementRules(host: host).findings
  }

  @Test func hostsThatAreAlike() {
    let all = crowded("a", firstRank: 0) + crowded("b", firstRank: 1, cores: 2) + crowded("c", firstRank: 2)
    let merged = all.merged
    #expect(all.count == 3 && merged.count == 2)
    #expect(merged.map(\.location) == ["a; c", "b"] && merged.allSatisfy { $0.check == .threads })
  }

  @Test func whatIsNotAlike() {
    #expect([Finding]().merged.isEmpty)
    let one = crowded("a", firstRank: 0)
    #expect(one.merged == one)
  }
}
