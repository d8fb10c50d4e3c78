import Diagnostics
import Host

/// What is wrong with the cores on which the ranks and threads of a host may run.
///
/// Cores count, not hardware threads: those of one core share its arithmetic.
package struct PlacementRules {
  private let host: HostFacts

  package init(host: HostFacts) { self.host = host }

  package var findings: [Finding] {
    let ranks = host.ranks.count
    if ranks > host.cores { return [oversubscription] }
    if let confinement { return [confinement] }
    if host.threads > host.cores { return [tooManyThreads] }
    let crowded = crowding
    return crowded.isEmpty ? idleness + spread : crowded
  }

  /// What the cores are, such as `4 cores (Slurm's allocation)`.
  private var room: String {
    let limit = host.coreLimit.map { $0.cores == host.cores ? " (\($0.name))" : "" } ?? ""
    return host.cores.counted("core") + (isConfined ? " (processors \(host.granted), as by taskset)" : limit)
  }

  /// The threads for each rank if all cores are shared out.
  private var share: Int { max(1, host.cores / host.ranks.count) }
  private var usesHardwareThreads: Bool { host.threads <= host.granted.count && host.coreLimit == nil }

  /// Whether the launcher itself, or a rank on its own, may not run on cores that no one else has been given.
  private var isConfined: Bool {
    guard let permitted = host.facts[0].permitted, host.coreLimit == nil else { return false }
    return host.cores < host.processor.cores(in: permitted)
  }

  private var confinement: Finding? {
    guard isConfined, let permitted = host.facts[0].permitted else { return nil }
    let (all, threads) = (host.processor.cores(in: permitted), host.threads)
    return Finding(
      .binding, .warning,
      threads > host.cores
        ? "more threads than cores that they may run on" : "ranks are kept to a part of the cores; the others are idle",
      at: host.list(), expected: "\(all.counted("core")) (processors \(permitted))",
      found: "\(room) for \(threads.counted("thread"))",
      remedy:
        "start without taskset, numactl or whatever else sets an affinity (taskset -cp $$ shows it); if the other "
        + "cores are for someone else, all is well with OMP_NUM_THREADS=\(share)")
  }

  private var oversubscription: Finding {
    let ranks = host.ranks.count
    return Finding(
      .oversubscription, .warning, "more ranks than cores: they wait for one another's turn", at: host.host,
      expected: "at most \(host.cores.counted("rank")) on \(room)", found: ranks.counted("rank"),
      remedy: "start \(host.cores.counted("rank")) there: slots=\(host.cores) in the hostfile, "
        + "--ntasks-per-node \(host.cores), or a smaller -np")
  }

  private var tooManyThreads: Finding {
    let each = Set(host.facts.map(\.threads)).sorted().map(String.init).joined(separator: " or ")
    return Finding(
      .threads, usesHardwareThreads ? .note : .warning,
      usesHardwareThreads
        ? "more threads than cores: two hardware threads of a core share its arithmetic"
        : "more threads than cores: they fight for them",
      at: host.host, expected: "at most \(host.cores.counted("thread")) on \(room)",
      found: "\(host.threads): \(host.ranks.count.counted("rank")) with \(each)",
      remedy: "export OMP_NUM_THREADS=\(share) (and mpirun -x OMP_NUM_THREADS for other hosts), or give "
        + "--threads \(share)")
  }

  /// Processors on which more threads must run than they have cores, though the host would have room.
  private var crowding: [Finding] {
    let threads = host.facts.indices.flatMap { rank in host.facts[rank].places.map { (rank: rank, place: $0) } }
    let places = threads.grouped { $0.place }.map(\.key)
    let crowded = places.compactMap { place -> (place: CPUSet, ranks: [Int])? in
      let inside = threads.filter { $0.place.isSubset(of: place) }
      guard inside.count > host.processor.cores(in: place) else { return nil }
      return (place, Set(inside.map(\.rank)).sorted())
    }
    // The smallest say where it happens.
    let smallest = crowded.filter { one in
      !crowded.contains { $0.place != one.place && $0.place.isSubset(of: one.place) }
    }
    let (alone, shared) = (smallest.filter { $0.ranks.count == 1 }, smallest.filter { $0.ranks.count > 1 })
    return [narrow(alone), overlapping(shared)].compactMap { $0 }
  }

  private func narrow(_ crowded: [(place: CPUSet, ranks: [Int])]) -> Finding? {
    guard let first = crowded.first else { return nil }
    let rank = host.facts[first.ranks[0]]
    let ranks = crowded.map { host.ranks[$0.ranks[0]] }
    return Finding(
      isPinned(first.ranks) ? .threads : .binding, .warning, "more threads than cores that they may run on",
      at: host.list(ranks),
      expected: "\(rank.threads.counted("core")) for \(rank.threads.counted("thread"))",
      found: "\(host.processor.cores(in: first.place).counted("core")) (\(first.place)) of \(room)",
      remedy: bindingRemedy(first.ranks, threads: rank.threads))
  }

  private func overlapping(_ crowded: [(place: CPUSet, ranks: [Int])]) -> Finding? {
    guard let first = crowded.first else { return nil }
    let ranks = Set(crowded.flatMap(\.ranks)).sorted()
    return Finding(
      isPinned(first.ranks) ? .threads : .binding, .warning, "ranks share cores while others are idle",
      at: host.list(ranks.map { host.ranks[$0] }),
      expected: "cores of its own for each of \(host.threads.counted("thread"))",
      found: "\(host.list(first.ranks.map { host.ranks[$0] })): all on processors \(first.place) of \(host.granted)",
      remedy: bindingRemedy(first.ranks, threads: share))
  }

  /// Whether threads are placed more narrowly than the launcher placed their rank.
  private func isPinned(_ ranks: [Int]) -> Bool {
    ranks.contains { rank in host.facts[rank].places.contains { $0.count < host.facts[rank].allowed.count } }
  }

  private func bindingRemedy(_ ranks: [Int], threads: Int) -> String {
    let variables = ranks.flatMap { host.facts[$0].variables.keys }.filter { Self.placing.contains($0) }
    if isPinned(ranks), !variables.isEmpty {
      return
        "unset \(Set(variables).sorted().joined(separator: " and ")), so that the ranks' threads are not all on the "
        + "same cores, or bind each rank to cores of its own: \(Self.binding(host.ranks.count, threads))"
    }
    return "start with launch/local or launch/hosts, which bind by themselves, or with mpirun "
      + "\(Self.binding(host.ranks.count, threads)), or --bind-to none"
  }

  private static let placing: Set<String> = ["OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"]

  private static func binding(_ ranks: Int, _ threads: Int) -> String {
    "--map-by ppr:\(ranks):node:PE=\(threads) --bind-to core"
  }

  /// Cores on which nothing runs.
  private var idleness: [Finding] {
    let used = host.facts.flatMap(\.places).reduce(CPUSet([])) { $0.union($1) }
    let usedCores = min(host.cores, host.processor.cores(in: used))
    let isBound = usedCores < host.cores
    guard isBound || host.threads <= host.cores / 2 else { return [] }
    let (ranks, threads) = (host.ranks.count, share)
    let given = host.facts.allSatisfy(\.threadsAreGiven)
    let working = min(usedCores, host.threads)
    return [
      Finding(
        .binding, isBound && !given ? .warning : .note,
        isBound ? "ranks are bound to a part of the cores; the others are idle" : "fewer threads than cores",
        at: host.list(), expected: room, found: "\(working) used" + (isBound ? " (processors \(used))" : ""),
        remedy: "export OMP_NUM_THREADS=\(threads) and start with launch/local or launch/hosts, or with mpirun "
          + "\(Self.binding(ranks, threads)); or start more ranks")
    ]
  }

  /// Ranks that are not bound, on a host whose memories are not equally near.
  private var spread: [Finding] {
    let nodes = host.processor.memoryNodes(in: host.granted)
    let wide = host.facts.indices.filter { host.processor.memoryNodes(in: host.facts[$0].allowed) > 1 }
    guard nodes > 1, host.ranks.count > 1, !wide.isEmpty else { return [] }
    return [
      Finding(
        .binding, .note, "ranks may move between the host's memories (NUMA nodes)",
        at: host.list(wide.map { host.ranks[$0] }),
        expected: "each rank on the cores of one of \(nodes) nodes", found: "not bound",
        remedy: "start with launch/local or launch/hosts, or with mpirun \(Self.binding(host.ranks.count, share))")
    ]
  }
}
