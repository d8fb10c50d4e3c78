import Doctor
import Testing

/// Libraries that differ between hosts, root, and what the environment says.
@Suite struct LibraryRulesTests {
  private func ranks(_ changes: [(inout RankFacts) -> Void]) -> [RankFacts] {
    let processor = MadeUpHosts.processor(cores: 4)
    return changes.enumerated().flatMap { index, change in
      MadeUpHosts.host(processor, name: index == 0 ? "a" : "b", threads: 1, allowed: [nil], change).facts
    }
  }

  private func findings(_ changes: ((inout RankFacts) -> Void)...) -> [Finding] {
    LibraryRules(facts: ranks(changes)).findings
  }

  @Test func whatIsWell() {
    #expect(findings({ _ in }, { _ in }) == [])
    #expect(findings({ $0.mpi.isLaunched = false }) == [])
  }

  @Test func otherKernelsAndLibraries() throws {
    let found = findings(
      { _ in }, { $0.kernels.blas = "OpenBLAS 0.3.21, Haswell kernels" }, { $0.kernels.oneDNN = "oneDNN 2.6.3, avx2" })
    try #require(found.map(\.check) == [.kernels, .kernels])
    #expect(found[0].location == "rank 1 on b" && found[0].found == "OpenBLAS 0.3.21, Haswell kernels (rank 1 on b)")
    #expect(found[1].location == "rank 2 on b" && found[1].expected == "oneDNN 2.6.3, avx512_core")
    let mpi = findings({ _ in }, { $0.mpi.library = "Open MPI 5.0.3" })
    #expect(mpi.map(\.check) == [.mpi] && mpi.map(\.severity) == [.error] && mpi[0].location == "rank 1 on b")
  }

  @Test func anotherFileOfTheLibrary() throws {
    let found = findings({ $0.mpi.libraryPath = "/usr/lib/libmpi.so.40" }, { $0.mpi.libraryPath = "/opt/libmpi.so.40" })
    try #require(found.map(\.check) == [.mpi] && found.map(\.severity) == [.warning])
    #expect(found[0].location == "rank 1 on b" && found[0].found == "/opt/libmpi.so.40 (rank 1 on b)")
  }

  @Test func anotherFolderAndOtherThreads() {
    let found = findings(
      { $0.workingFolder = "/data" }, { $0.workingFolder = "/root" },
      {
        $0.threads = 3
        $0.workingFolder = "/data"
      })
    #expect(Set(found.map(\.check)) == [.folder, .threads])
    #expect(found.first { $0.check == .folder }?.found == "/root (rank 1 on b)")
    #expect(found.first { $0.check == .threads }?.location == "rank 2 on b")
  }

  @Test func anotherMPIThanItWasCompiledFor() {
    let found = findings { $0.mpi.library = "Open MPI 5.0.3" }
    #expect(found.map(\.check) == [.mpi] && found[0].expected == "Open MPI 4.1.4")
    #expect(findings { $0.mpi.library = "Open MPI 4.0.1" } == [])
    #expect(findings { $0.mpi.library = "MPICH Version: 4.0.2" }.map(\.check) == [.mpi])
  }

  /// Root may start mpirun only with both variables.
  @Test func rootWithoutPermission() {
    #expect(findings { ($0.isRoot, $0.mpi.isLaunched) = (true, false) }.map(\.check) == [.root])
    #expect(findings { ($0.isRoot, $0.mpi.isLaunched, $0.mpi.allowsRoot) = (true, false, true) } == [])
    #expect(findings { ($0.isRoot, $0.mpi.isLaunched) = (true, true) } == [])
  }

  /// A launcher that tells its processes nothing that Open MPI understands.
  @Test func aLauncherOfAnotherMPI() {
    let found = findings {
      ($0.mpi.isLaunched, $0.mpi.launcher, $0.mpi.launcherPath) = (false, "hydra_pmi_proxy", "/opt/bin/hydra_pmi_proxy")
    }
    #expect(found.map(\.check) == [.launcher] && found[0].found == "/opt/bin/hydra_pmi_proxy")
    #expect(findings { ($0.mpi.isLaunched, $0.mpi.launcher) = (false, "slurmstepd") } == [])
    // One process of Hydra's, which says that there is a job.
    let one = ranks([{ ($0.mpi.isLaunched, $0.mpi.launcher) = (true, "hydra_pmi_proxy") }])
    #expect(LibraryRules(facts: one).findings.map(\.check) == [.launcher])
    #expect(LibraryRules(facts: one, hasJoined: false).findings == [])
  }

  @Test func threadsOfOpenBLAS() {
    let found = findings({ _ in }, { $0.blasHasThreadsOfItsOwn = true })
    #expect(found.map(\.check) == [.threads] && found[0].location == "rank 1 on b")
    let ignored = findings { $0.variables = ["OPENBLAS_NUM_THREADS": "8"] }
    #expect(ignored.map(\.severity) == [.note] && ignored[0].found == "OPENBLAS_NUM_THREADS=8")
    #expect(findings { $0.variables = ["OPENBLAS_NUM_THREADS": "1"] } == [])
    #expect(findings { ($0.threads, $0.variables) = (4, ["OMP_THREAD_LIMIT": "2"]) }.map(\.severity) == [.warning])
  }

  @Test(
    arguments: [
      ("mpirun (Open MPI) 4.1.4", nil), ("mpirun (Open MPI) 5.0.3", .warning),
      ("HYDRA build details: Version: 4.0.2", .warning), (nil, .warning),
    ] as [(String?, Finding.Severity?)])
  func theFirstMPIRun(_ version: String?, _ severity: Finding.Severity?) {
    let found = MPIRunInPath.finding(
      MPIRunInPath(path: "/opt/bin/mpirun", version: version), library: "Open MPI 4.1.4", isLaunched: true, host: "a")
    #expect(found?.severity == severity)
  }

  @Test func noMPIRun() {
    let alone = MPIRunInPath.finding(nil, library: "Open MPI 4.1.4", isLaunched: false, host: "a")
    #expect(alone?.severity == .note)
    #expect(MPIRunInPath.finding(nil, library: "Open MPI 4.1.4", isLaunched: true, host: "a") == nil)
  }
}
