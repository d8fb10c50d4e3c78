import Doctor
import Host
import TestSupport
import Testing

/// Cores, threads and binding of hosts with many cores.
@Suite(.commandLine) struct PlacementRulesTests {
  private static let sixteen = MadeUpHosts.processor(cores: 16)

  private func findings(_ host: HostFacts) -> [Finding] { PlacementRules(host: host).findings }

  /// What launch/local, launch/hosts and the defaults do.
  @Test(arguments: [
    (threads: 8, allowed: ["0-7", "8-15"]), (threads: 16, allowed: [nil]), (threads: 8, allowed: [nil, nil]),
    (threads: 4, allowed: ["0-3", "4-7", "8-11", "12-15"]), (threads: 12, allowed: [nil]),
  ])
  func whatIsWell(_ ranks: (threads: Int, allowed: [String?])) {
    let host = MadeUpHosts.host(Self.sixteen, threads: ranks.threads, allowed: ranks.allowed)
    #expect(findings(host) == [])
  }

  @Test func moreRanksThanCores() throws {
    let host = MadeUpHosts.host(Self.sixteen, threads: 1, allowed: [String?](repeating: nil, count: 17))
    let found = findings(host)
    try #require(found.count == 1)
    #expect(found[0].check == .oversubscription && found[0].severity == .warning && found[0].location == "a")
    #expect(found[0].expected == "at most 16 ranks on 16 cores" && found[0].found == "17 ranks")
    #expect(found[0].remedy.contains("slots=16"))
  }

  /// The launcher itself has fewer, as by taskset; a container's own set is no fault, nor is a batch system's.
  @Test func fewerCoresThanTheContainerHas() throws {
    func found(_ threads: Int, permitted: String?, ranks: Int = 1) -> [Finding] {
      findings(
        MadeUpHosts.host(
          Self.sixteen, threads: threads, allowed: [String?](repeating: "0-3", count: ranks), given: true
        ) {
          ($0.granted, $0.permitted) = ($0.allowed, permitted.flatMap { CPUSet($0) })
        })
    }
    for threads in [4, 16] {
      let finding = try #require(found(threads, permitted: "0-15").first)
      #expect(finding.check == .binding && finding.severity == .warning)
      #expect(finding.expected == "16 cores (processors 0-15)" && finding.remedy.contains("OMP_NUM_THREADS=4"))
      #expect(finding.found == "4 cores (processors 0-3, as by taskset) for \(threads) threads")
    }
    #expect(found(4, permitted: "0-3") == [] && found(4, permitted: nil) == [])
    #expect(found(1, permitted: "0-15", ranks: 5).map(\.check) == [.oversubscription])
  }

  /// Of a batch system's allocation or a container.
  @Test func moreRanksThanCoresThatAreAllowed() throws {
    let host = MadeUpHosts.host(Self.sixteen, threads: 1, allowed: [nil, nil, nil]) {
      $0.coreLimit = CoreLimit(cores: 2, name: "Slurm's allocation")
    }
    let found = findings(host)
    #expect(found.map(\.check) == [.oversubscription])
    #expect(found[0].expected == "at most 2 ranks on 2 cores (Slurm's allocation)")
  }

  @Test func moreThreadsThanCores() throws {
    let found = findings(MadeUpHosts.host(Self.sixteen, threads: 16, allowed: [nil, nil]))
    try #require(found.count == 1)
    #expect(found[0].check == .threads && found[0].severity == .warning)
    #expect(found[0].found == "32: 2 ranks with 16" && found[0].remedy.contains("OMP_NUM_THREADS=8"))
  }

  /// Hardware threads of one core are not worth a warning, nor are they cores.
  @Test func moreThreadsThanCoresOnHardwareThreads() throws {
    let processor = MadeUpHosts.processor(cores: 16, threadsOfCore: 2)
    #expect(findings(MadeUpHosts.host(processor, threads: 16, allowed: [nil])) == [])
    let found = findings(MadeUpHosts.host(processor, threads: 32, allowed: [nil]))
    #expect(found.map(\.check) == [.threads] && found.map(\.severity) == [.note])
    #expect(findings(MadeUpHosts.host(processor, threads: 33, allowed: [nil])).map(\.severity) == [.warning])
  }

  /// `mpirun -np 2` binds each rank to one core.
  @Test func threadsOfARankOnOneCore() throws {
    let found = findings(MadeUpHosts.host(Self.sixteen, threads: 8, allowed: ["0", "1"], given: true))
    try #require(found.count == 1)
    #expect(found[0].check == .binding && found[0].severity == .warning && found[0].location == "ranks 0, 1 on a")
    #expect(found[0].expected == "8 cores for 8 threads" && found[0].found == "1 core (0) of 16 cores")
    #expect(found[0].remedy.contains("ppr:2:node:PE=8 --bind-to core"))
  }

  /// Both hardware threads of a core are one core.
  @Test func twoThreadsOnOneCore() {
    let processor = MadeUpHosts.processor(cores: 16, threadsOfCore: 2)
    #expect(findings(MadeUpHosts.host(processor, threads: 2, allowed: ["0,16"])).map(\.check) == [.binding])
    #expect(
      findings(MadeUpHosts.host(processor, threads: 2, allowed: ["0,16,1,17"], given: true)).map(\.severity) == [.note])
  }

  @Test func ranksOnTheSameCores() throws {
    let found = findings(MadeUpHosts.host(Self.sixteen, threads: 4, allowed: ["0-3", "0-3", "8-11"]))
    try #require(found.count == 1)
    #expect(found[0].check == .binding && found[0].location == "ranks 0, 1 on a")
    #expect(found[0].found == "ranks 0, 1 on a: all on processors 0-3 of 0-15")
  }

  /// Overlapping is no fault while there is a core for each thread.
  @Test func ranksThatOverlapWithRoom() {
    #expect(findings(MadeUpHosts.host(Self.sixteen, threads: 8, allowed: ["0-11", "4-15"])) == [])
    #expect(findings(MadeUpHosts.host(Self.sixteen, threads: 8, allowed: ["0-11", "4-11"])).map(\.check) == [.binding])
  }

  /// `OMP_PROC_BIND` in ranks that are not bound puts every rank's first thread on the first core.
  @Test func threadsThatOpenMPPlacesOnTheSameCores() throws {
    let host = MadeUpHosts.host(Self.sixteen, threads: 2, allowed: [nil, nil], given: true) {
      $0.placement = [CPUSet("0")!, CPUSet("1")!]
      $0.variables = ["OMP_PROC_BIND": "true", "OMP_NUM_THREADS": "2"]
    }
    let found = findings(host)
    try #require(found.count == 1)
    #expect(found[0].check == .threads && found[0].severity == .warning && found[0].location == "ranks 0, 1 on a")
    #expect(found[0].remedy.hasPrefix("unset OMP_PROC_BIND,"))
  }

  /// One thread per rank, each on one of many cores: a warning unless the user asked for one thread.
  @Test(arguments: [true, false])
  func coresThatAreIdle(given: Bool) throws {
    let found = findings(MadeUpHosts.host(Self.sixteen, threads: 1, allowed: ["0", "1"], given: given))
    try #require(found.count == 1)
    #expect(found[0].check == .binding && found[0].severity == (given ? .note : .warning))
    #expect(found[0].expected == "16 cores" && found[0].found == "2 used (processors 0-1)")
    #expect(found[0].remedy.contains("OMP_NUM_THREADS=8"))
    // Not where the batch system gave no more.
    let host = MadeUpHosts.host(Self.sixteen, threads: 1, allowed: ["0", "1"], given: given) {
      $0.coreLimit = CoreLimit(cores: 2, name: "Slurm's allocation")
    }
    #expect(findings(host) == [])
    // Nor where the launcher itself has no more.
    let confined = MadeUpHosts.host(Self.sixteen, threads: 1, allowed: ["0", "1"], given: given) {
      $0.granted = CPUSet("0-1")!
    }
    #expect(findings(confined) == [])
  }

  @Test func ranksThatMoveBetweenMemories() throws {
    let processor = MadeUpHosts.processor(cores: 16, memoryNodes: 2)
    let found = findings(MadeUpHosts.host(processor, threads: 8, allowed: [nil, nil]))
    #expect(found.map(\.check) == [.binding] && found.map(\.severity) == [.note])
    #expect(findings(MadeUpHosts.host(processor, threads: 8, allowed: ["0-7", "8-15"])) == [])
    #expect(findings(MadeUpHosts.host(processor, threads: 16, allowed: [nil])) == [])
  }
}
