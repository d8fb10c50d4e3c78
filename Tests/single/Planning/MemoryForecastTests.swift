import Foundation
import Host
import Planning
import TestSupport
import Testing

@Suite(.commandLine) struct MemoryForecastTests {
  private let plan = MemoryPlan(
    buffers: [.activations: 3 << 30, .parameters: 80 << 20, .loader: 1 << 20], later: [.loader: 5 << 20],
    beside: 100 << 20)

  @Test func aPlanIsTheSumOfItsItems() {
    #expect(
      plan.items.map(\.bytes) == [6 << 20, 80 << 20, 3 << 30, 100 << 20])
    #expect(plan.total == 3 << 30 + 186 << 20)
    #expect(plan.items.last?.name == "program, libraries, MPI")
  }

  @Test func linesAreAligned() {
    let rank = RankMemory(needed: plan.total, resident: 1 << 30, available: 15 << 30, limit: nil)
    let forecast = MemoryForecast(plan, ranks: [rank, rank], hosts: ["a", "a"])
    #expect(
      forecast.lines == [
        "memory     3.18 GiB of a rank at its peak, predicted",
        "  batches loaded ahead               6.00 MiB",
        "  parameters and running statistics  80.0 MiB",
        "  activations and their gradients    3.00 GiB",
        "  program, libraries, MPI             100 MiB",
        "  2 ranks on a: 6.36 GiB of 17.0 GiB (available)",
      ])
    #expect(forecast.remarks.isEmpty && forecast.peakOfRank == plan.total)
  }

  /// The host that comes nearest to what it has is named, and warned about when it has too little.
  @Test func theFullestHostIsNamed() {
    func rank(_ gibibytes: Int, of limit: Int) -> RankMemory {
      RankMemory(
        needed: gibibytes << 30, resident: 1 << 30, available: 99 << 30,
        limit: MemoryLimit(limit << 30, "Slurm's limit"))
    }
    let ranks = [rank(4, of: 20), rank(7, of: 10), rank(4, of: 20), rank(7, of: 10)]
    let forecast = MemoryForecast(plan, ranks: ranks, hosts: ["a", "b", "a", "b"])
    #expect(forecast.peakOfRank == 7 << 30)
    #expect(forecast.hosts.map(\.needed) == [8 << 30, 14 << 30] && forecast.hosts.map(\.ranks) == [2, 2])
    #expect(
      forecast.lines.last == "  2 ranks on b: 14.0 GiB of 10.0 GiB (Slurm's limit), the fullest of 2 hosts")
    #expect(
      forecast.remarks == [
        "the memory of b will probably not suffice: its 2 ranks need about 14.0 GiB, and there are 10.0 GiB "
          + "(Slurm's limit); give a smaller --batch-size, or spread it over more hosts"
      ])
  }

  @Test func freeMemoryCountsBesideWhatTheRanksHave() {
    let ranks = [3, 2].map { RankMemory(needed: 5, resident: $0, available: 4 + $0, limit: MemoryLimit(100, "l")) }
    #expect(
      HostMemory.grouped(ranks, hosts: ["h", "h"])
        == [HostMemory(host: "h", ranks: 2, needed: 10, allowed: 11, limit: "available")])
    let unknown = RankMemory(needed: 5, resident: 1, available: nil, limit: nil)
    let host = HostMemory.grouped([unknown], hosts: ["h"])[0]
    #expect(host.allowed == nil && host.warning == nil && host.text == "1 rank on h: 5 B")
  }

  @Test func ranksTellEachOtherInText() {
    for limit in [nil, MemoryLimit(12, "the control group's limit")] {
      for available in [nil, 99] {
        let rank = RankMemory(needed: 1, resident: 2, available: available, limit: limit)
        #expect(RankMemory(text: rank.text) == rank)
      }
    }
    #expect(RankMemory(text: "") == nil && RankMemory(text: "1\t2\tx\t4\t5\t6\t\t") == nil)
  }

  // MARK: Limits

  /// A tree with these files below it.
  private func root(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files {
      let path = URL(fileURLWithPath: folder.file(name))
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: path, atomically: true, encoding: .utf8)
    }
    return folder
  }

  @Test func theLowestLimitOfAllControlGroupsCounts() throws {
    let second = try root([
      "proc/self/cgroup": "0::/system.slice/job_7/step_0\n", "sys/fs/cgroup/system.slice/memory.max": "max\n",
      "sys/fs/cgroup/system.slice/job_7/memory.max": "4096\n",
      "sys/fs/cgroup/system.slice/job_7/step_0/memory.max": "8192\n",
    ])
    let limit = MemoryLimit(4096, "the control group's limit")
    #expect(MemoryLimit.current(environment: [:], root: second.path) == limit)
    let first = try root([
      "proc/self/cgroup": "5:cpu:/\n4:memory:/slurm/job\n0::/\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes": "5000\n",
    ])
    #expect(MemoryLimit.current(environment: [:], root: first.path)?.bytes == 5000)
    let none = try root([:])
    #expect(MemoryLimit.current(environment: [:], root: none.path) == nil)
  }

  @Test func theBatchSystemsLimitCountsToo() throws {
    let none = try root([:])
    func limit(_ environment: [String: String]) -> Int? {
      MemoryLimit.current(environment: environment, root: none.path)?.bytes
    }
    #expect(limit(["SLURM_MEM_PER_NODE": "2048"]) == 2 << 30)
    #expect(limit(["SLURM_MEM_PER_CPU": "512", "SLURM_CPUS_ON_NODE": "4"]) == 2 << 30)
    #expect(limit(["SLURM_MEM_PER_NODE": "0"]) == nil && limit(["SLURM_MEM_PER_CPU": "512"]) == nil)
  }
}

/// A run that no host can hold is refused with the figures; one that only lacks free memory is warned about.
@Suite(.commandLine) struct MemoryRefusalTests {
  private func forecast(buffers: Int, ceiling: MemoryLimit?) -> MemoryForecast {
    let rank = RankMemory(
      needed: (buffers + 1) << 30, resident: 0, available: 4 << 30, limit: nil, buffers: buffers << 30, ceiling: ceiling
    )
    return MemoryForecast(MemoryPlan(buffers: [:], later: [:], beside: 0), ranks: [rank, rank], hosts: ["a", "a"])
  }

  @Test func moreThanTheHostHas() throws {
    let refusal = try #require(forecast(buffers: 9, ceiling: MemoryLimit(16 << 30, "all that the host has")).refusal)
    #expect(refusal.kind == .usage && refusal.expected == "at most 16.0 GiB (all that the host has)")
    #expect(refusal.found == "20.0 GiB predicted for 2 ranks" && refusal.remedy?.contains("--batch-size") == true)
  }

  /// What libraries take may be shared between ranks: it decides nothing alone.
  @Test func whatIsOnlyTakenByOthersIsAWarning() {
    let tight = forecast(buffers: 8, ceiling: MemoryLimit(16 << 30, "all that the host has"))
    #expect(tight.refusal == nil && tight.remarks.count == 1)
    #expect(forecast(buffers: 700, ceiling: nil).refusal == nil)
  }

  @Test func ranksTellWhatTheirHostHas() {
    let rank = RankMemory(
      needed: 3, resident: 2, available: nil, limit: MemoryLimit(5, "Slurm's limit"), buffers: 1,
      ceiling: MemoryLimit(7, "all that the host has"))
    #expect(RankMemory(text: rank.text) == rank)
  }
}
