import Doctor
import Planning
import Testing

/// Memory of hosts before a run is planned, and for a run.
@Suite struct MemoryRulesTests {
  private func rules(ranks: Int = 2, _ change: (inout MemoryFacts) -> Void) -> MemoryRules {
    MemoryRules(
      host: MadeUpHosts.host(
        MadeUpHosts.processor(cores: 4), threads: 1, allowed: [String?](repeating: nil, count: ranks)
      ) {
        ($0.memory.available, $0.memory.resident, $0.memory.addresses) = (64 << 30, 40 << 20, 500 << 20)
        $0.memory.sharedMemory = 32 << 30
        change(&$0.memory)
      })
  }

  private func need(_ gibibytes: Double, of allowed: Double) -> HostMemory {
    HostMemory(
      host: "a", ranks: 2, needed: Int(gibibytes * 0x1p30), allowed: Int(allowed * 0x1p30), limit: "Slurm's limit")
  }

  @Test func enough() {
    #expect(rules { _ in }.findings == [] && !rules { _ in }.hasTooLittle)
    #expect(rules { _ in }.findings(need(3, of: 64)) == [])
  }

  @Test func hardlyAny() throws {
    let few = rules { ($0.limit, $0.limitName) = (300 << 20, "Slurm's limit") }
    #expect(few.hasTooLittle && few.findings.map(\.check) == [.memory] && few.findings.map(\.severity) == [.error])
    #expect(few.findings[0].found == "300 MiB (Slurm's limit)")
    #expect(rules { $0.available = 100 << 20 }.findings[0].found == "180 MiB (available)")
    // Enough for one rank.
    #expect(!rules(ranks: 1) { ($0.limit, $0.limitName) = (300 << 20, "Slurm's limit") }.hasTooLittle)
  }

  @Test func lessThanTheRunNeeds() {
    let small = rules { _ in }.findings(need(5, of: 4))
    #expect(small.map(\.severity) == [.error] && small[0].expected == "5.00 GiB for 2 ranks")
    #expect(small[0].found == "4.00 GiB (Slurm's limit)")
    #expect(rules { _ in }.findings(need(3.8, of: 4)).map(\.severity) == [.warning])
  }

  @Test func addresses() {
    let tight = rules { $0.addressLimit = 1 << 30 }
    #expect(
      tight.hasTooLittle && tight.findings.map(\.check) == [.memory] && tight.findings[0].location == "rank 0 on a")
    let enough = rules { $0.addressLimit = 8 << 30 }
    #expect(!enough.hasTooLittle && enough.findings == [] && enough.findings(need(10, of: 64)) == [])
    #expect(enough.findings(need(20, of: 64)).map(\.severity) == [.error])
  }

  @Test func sharedMemory() {
    #expect(rules { $0.sharedMemory = 31 << 20 }.findings.map(\.severity) == [.warning])
    #expect(rules(ranks: 1) { $0.sharedMemory = 1 << 20 }.findings == [])
  }
}
