import Doctor
import Host
import Layers

/// Hosts of clusters that tests do not have.
enum MadeUpHosts {
  static let kernels = KernelTraits(
    blas: "OpenBLAS 0.3.21, SkylakeX kernels", oneDNN: "oneDNN 2.6.3, avx512_core", mathLibrary: "glibc 2.36",
    threads: 1)

  /// Cores are numbered first, and then their second hardware threads, as on most servers.
  static func processor(cores: Int, memoryNodes: Int = 1, threadsOfCore: Int = 1) -> Processor {
    func processors(_ cores: Range<Int>, of all: Int) -> CPUSet {
      CPUSet(cores.flatMap { core in (0..<threadsOfCore).map { core + $0 * all } })
    }
    let share = cores / memoryNodes
    return Processor(
      model: "made up", cores: (0..<cores).map { processors($0..<$0 + 1, of: cores) },
      memoryNodes: (0..<memoryNodes).map { processors($0 * share..<($0 + 1) * share, of: cores) })
  }

  /// A host whose ranks may run on these processors; nil: on all.
  static func host(
    _ processor: Processor, name: String = "a", threads: Int, allowed: [String?], given: Bool = false,
    firstRank: Int = 0, _ change: (inout RankFacts) -> Void = { _ in }
  ) -> HostFacts {
    let facts = allowed.map { text in
      var rank = RankFacts(host: name, processor: processor, kernels: kernels)
      (rank.threads, rank.threadsAreGiven) = (threads, given)
      (rank.mpi.library, rank.mpi.compiledFor, rank.mpi.isLaunched) = ("Open MPI 4.1.4", "Open MPI 4.1.4", true)
      if let text { rank.allowed = CPUSet(text)! }
      change(&rank)
      return rank
    }
    return HostFacts(host: name, ranks: Array(firstRank..<firstRank + facts.count), facts: facts)
  }
}
