import Diagnostics
import MPI

/// What is wrong with the libraries of the ranks, and how they were started.
package struct LibraryRules {
  private let facts: [RankFacts]
  private let hasJoined: Bool

  /// - Parameter facts: of all ranks, in their order.
  /// - Parameter hasJoined: false where a failure to join the launcher's job is a finding already.
  package init(facts: [RankFacts], hasJoined: Bool = true) { (self.facts, self.hasJoined) = (facts, hasJoined) }

  private var hosts: [String] { facts.map(\.host) }
  private var first: RankFacts { facts[0] }

  package var findings: [Finding] {
    singleton + root + differences + compiledForAnother + fightingThreads + ignoredVariables
  }

  /// A process that MPI's launcher started, but that is a job of its own.
  private var singleton: [Finding] {
    guard hasJoined, facts.count == 1, let launcher = first.mpi.launcher, launcher != "slurmstepd" else { return [] }
    // Hydra tells its processes that there is a job, but in words that only some builds of Open MPI understand.
    let isHydras = ["hydra", "pmi_proxy"].contains { launcher.contains($0) } && first.mpi.library.hasPrefix("Open MPI")
    guard isHydras || !first.mpi.isLaunched else { return [] }
    return [
      Finding(
        .launcher, .error, "this process is on its own: its launcher belongs to another MPI", at: first.host,
        expected: "the mpirun of \(first.mpi.library)", found: first.mpi.launcherPath ?? launcher,
        remedy: Self.sameMPI(first.mpi.library))
    ]
  }

  static func sameMPI(_ library: String) -> String {
    "start with the mpirun of the \(library) that bt-dist is linked with (/usr/bin/mpirun.openmpi on Debian), or with "
      + "srun --mpi=pmix; unload other MPI modules"
  }

  private var root: [Finding] {
    guard first.isRoot, !first.mpi.isLaunched, !first.mpi.allowsRoot else { return [] }
    return [
      Finding(
        .root, .warning, "mpirun will refuse to start as root", at: first.host,
        expected: "another user, or both variables that allow it",
        found: "user root without OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
        remedy: "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1, as the scripts of launch/ do, where "
          + "root is meant, as in a container")
    ]
  }

  private var differences: [Finding] {
    let kernels = facts[0].kernels.libraries.indices.compactMap { index in
      difference(
        .kernels, .warning,
        "other \(facts[0].kernels.libraries[index].name): the bits depend on which rank computes what",
        "use hosts with the same processors and packages for runs whose bits have to repeat"
      ) { $0.kernels.libraries[index].text }
    }
    let others = [
      difference(
        .mpi, .error, "another MPI library than rank 0's",
        "install the same Open MPI on all hosts, and look at LD_LIBRARY_PATH there"
      ) { $0.mpi.library },
      facts.contains { $0.mpi.library != first.mpi.library }
        ? nil
        : difference(
          .mpi, .warning, "another file of the MPI library than rank 0's",
          "give all ranks the same LD_LIBRARY_PATH (mpirun -x LD_LIBRARY_PATH), and unload other MPI modules"
        ) { $0.mpi.libraryPath ?? "?" },
      difference(
        .threads, .warning,
        "another number of threads than rank 0's: the bits depend on it, and the slowest rank counts",
        "give all ranks the same: mpirun -x OMP_NUM_THREADS, or --threads"
      ) { $0.threads.counted("thread") },
      difference(
        .folder, .error, "another working folder than rank 0's: relative paths mean other files",
        "start from a folder that all hosts share, or give absolute paths"
      ) { $0.workingFolder },
    ]
    return kernels + others.compactMap { $0 }
  }

  /// The ranks that have another value than rank 0.
  private func difference(
    _ check: Finding.Check, _ severity: Finding.Severity, _ message: String, _ remedy: String,
    _ value: (RankFacts) -> String
  ) -> Finding? {
    let values = facts.map(value)
    let others = values.indices.filter { values[$0] != values[0] }
    guard !others.isEmpty else { return nil }
    let found = others.grouped { values[$0] }.prefix(4).map { "\($0.key) (\(RankList($0.elements, hosts)))" }
    return Finding(
      check, severity, message, at: "\(RankList(others, hosts))", expected: values[0],
      found: found.joined(separator: "; "), remedy: remedy)
  }

  private var compiledForAnother: [Finding] {
    let (library, wanted) = (first.mpi.library, first.mpi.compiledFor)
    func series(_ version: String) -> Substring { version.prefix(while: { !$0.isNumber }) + major(version) }
    func major(_ version: String) -> Substring { version.drop { !$0.isNumber }.prefix { $0 != "." } }
    guard series(library) != series(wanted) else { return [] }
    return [
      Finding(
        .mpi, .error, "the MPI library is not the one that bt-dist was compiled for", at: first.host, expected: wanted,
        found: library, remedy: "build bt-dist with this library's mpicc and pkg-config in PATH, or load the other one")
    ]
  }

  private var fightingThreads: [Finding] {
    let ranks = facts.indices.filter { facts[$0].blasHasThreadsOfItsOwn }
    guard !ranks.isEmpty else { return [] }
    return [
      Finding(
        .threads, .warning, "OpenBLAS has threads of its own, which fight with those of the other kernels",
        at: "\(RankList(ranks, hosts))", expected: "OpenBLAS built for OpenMP", found: "its pthreads build",
        remedy: "apt-get install libopenblas-openmp-dev there, and choose it with update-alternatives --config "
          + "libopenblas.so.0-$(uname -m)-linux-gnu")
    ]
  }

  /// Variables that look as if they set threads.
  private var ignoredVariables: [Finding] {
    let names = ["OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS"]
    let set = names.filter { name in facts.contains { $0.variables[name].map { Int($0) } ?? $0.threads != $0.threads } }
    var findings: [Finding] = []
    if !set.isEmpty {
      findings.append(
        Finding(
          .threads, .note, "OpenBLAS ignores \(set.joined(separator: " and ")): it computes on OpenMP's threads",
          at: "\(RankList(Array(facts.indices), hosts))", expected: "OMP_NUM_THREADS alone",
          found: set.map { "\($0)=\(first.variables[$0] ?? "?")" }.joined(separator: ", "),
          remedy: "unset it; set OMP_NUM_THREADS or --threads"))
    }
    let limited = facts.indices.filter { rank in
      facts[rank].variables["OMP_THREAD_LIMIT"].flatMap { Int($0) }.map { $0 < facts[rank].threads } ?? false
    }
    if !limited.isEmpty {
      findings.append(
        Finding(
          .threads, .warning, "OMP_THREAD_LIMIT leaves fewer threads than asked for", at: "\(RankList(limited, hosts))",
          expected: "\(facts[limited[0]].threads) or more",
          found: facts[limited[0]].variables["OMP_THREAD_LIMIT"] ?? "", remedy: "unset OMP_THREAD_LIMIT"))
    }
    return findings
  }
}
