import Host
import Testing

/// How many of a host's cores batch systems give a job.
@Suite struct CoreLimitTests {
  private static let processor = Processor(
    model: "", cores: (0..<8).map { CPUSet([$0, $0 + 8]) }, memoryNodes: [CPUSet(0..<16)])

  /// They count hardware threads, of which a core has two.
  @Test(arguments: [
    (["SLURM_CPUS_ON_NODE": "6"], 3, "Slurm's allocation"), (["SLURM_CPUS_ON_NODE": "5"], 3, "Slurm's allocation"),
    (["NCPUS": "4", "SLURM_CPUS_ON_NODE": "6"], 2, "PBS's allocation"),
  ])
  func isTheLowest(_ environment: [String: String], _ cores: Int, _ name: String) {
    // A container's share of this machine may be lower.
    let limit = CoreLimit.current(environment, Self.processor)
    #expect(limit == CoreLimit(cores: cores, name: name) || limit?.name == "the control group's limit")
  }

  @Test func whatIsNoNumber() {
    let limit = CoreLimit.current(["SLURM_CPUS_ON_NODE": "0", "NCPUS": "many"], Self.processor)
    #expect(limit == CoreLimit.current([:], Self.processor))
  }
}
