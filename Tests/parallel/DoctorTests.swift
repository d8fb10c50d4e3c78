import Foundation
import Host
import TestSupport
import Testing

/// `bt-dist doctor` on ranks of one host: what is well, and faults that are planted.
@Suite struct DoctorTests {
  private static let cores = Processor.ofHost.cores.count
  private static let host = ProcessInfo.processInfo.hostName
  /// A run of little work.
  private static let small = [
    "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim", "24",
    "--data", "synthetic:12,n=64", "--augment", "noise=0.1", "--batch-size", "16", "--lr-scheduler", "none",
  ]
  private static let call = ["doctor", "--json"] + small

  private func doctor(
    ranks: Int?, _ options: [String] = [], environment: [String: String] = [:], threads: Int = 1
  ) throws -> Diagnosed {
    try Diagnosed(
      Launch.run(
        "bt-dist", Self.call + options, ranks: ranks,
        environment: ["OMP_PROC_BIND": "false"].merging(environment) { $1 }, threads: threads, limit: 60))
  }

  // MARK: What is well

  @Test(.enabled(if: cores > 1), arguments: [nil, 2] as [Int?])
  func nothingToMend(ranks: Int?) throws {
    let found = try doctor(ranks: ranks, threads: ranks == nil ? Self.cores : 1)
    #expect(found.code == 0 && found.findings.allSatisfy { $0.severity == "note" }, "\(found.text)")
    #expect(found.json["ranks"] as? Int == ranks ?? 1)
    let hosts = try #require(found.json["hosts"] as? [[String: Any]])
    try #require(hosts.count == 1)
    #expect(hosts[0]["host"] as? String == Self.host && hosts[0]["cores"] as? Int == Self.cores)
    #expect(hosts[0]["ranks"] as? [Int] == Array(0..<(ranks ?? 1)))
    let mpi = try #require(hosts[0]["mpi"] as? [String: Any])
    #expect(
      (mpi["library"] as? String)?.hasPrefix("Open MPI ") == true
        && mpi["library"] as? String == mpi["compiled_for"] as? String)
    #expect(mpi["thread_level"] as? String == (ranks == nil ? nil : "serialized"))
    let run = try #require(found.json["run"] as? [String: Any])
    // 12·16+16 + 16·8+8, and the projector's 8·16 + 2·16 + 16·16 + 2·16 + 16·24+24.
    #expect(run["parameters"] as? Int == 208 + 136 + 160 + 288 + 408)
    let exchanges = try #require(run["exchanges"] as? [[String: Any]])
    guard ranks != nil else { return #expect(exchanges.isEmpty && (found.json["links"] as? [Any])?.isEmpty == true) }
    #expect(exchanges.map { $0["count_per_step"] as? Int } == [1, 2, 4])
    let bytes = exchanges.compactMap { $0["bytes"] as? Int }
    try #require(bytes.count == 3)
    // Tensors are aligned in the arena.
    #expect(
      bytes[0] >= 4 * 1200 && bytes[0] < 4 * 1400 && bytes[1] == 4 * 16 * 24 && bytes[2] == 8 * 4 * 16, "\(bytes)")
    #expect(exchanges.allSatisfy { $0["ms"] as? Double ?? 0 > 0 }, "\(exchanges)")
    let links = try #require(found.json["links"] as? [[String: Any]])
    #expect(links.count == 1 && links[0]["from"] as? String == Self.host && links[0]["to"] as? String == Self.host)
    #expect(links[0]["bytes_per_second"] as? Double ?? 0 > 1e6 && links[0]["microseconds"] as? Double ?? 0 > 0)
  }

  @Test func theTextHasItAll() throws {
    let result = try Launch.run(
      "bt-dist", ["doctor"] + Self.small, ranks: 2, environment: ["SLURM_MEM_PER_NODE": "100"])
    #expect(result.code == 64)
    for word in [
      "ranks      2 on 1 host, started by ", "MPI        Open MPI ", "\nhosts\n", "kernels    OpenBLAS",
      "inside \(Self.host)",
      "folder     ", "1 error", "error, memory: hardly any memory for its 2 ranks\n  where:    \(Self.host)\n",
      "found:    100 MiB (Slurm's limit)", "remedy:   ask the batch system",
    ] { #expect(result.output.contains(word), "no '\(word)' in \(result.text)") }
    #expect(result.output.components(separatedBy: "\nhosts\n").count == 2, "once: \(result.text)")
  }

  /// Without options of a run, the defaults need not fit the ranks.
  @Test func anyNumberOfRanksWithoutOptions() throws {
    let found = try Diagnosed(Launch.run("bt-dist", ["doctor", "--json"], ranks: 3))
    #expect(found.errors.isEmpty && found.code == 0, "\(found.text)")
  }

  // MARK: Planted faults

  /// Ranks that share the first core of several.
  @Test(.enabled(if: cores > 1)) func wrongBinding() throws {
    let program = try RankCall("bt-dist", []).path
    let found = try Diagnosed(
      Launch.run([RankCall("/usr/bin/taskset", ["-c", "0", program] + Self.call, ranks: 2)]))
    let finding = try found.only("binding", "warning")
    #expect(finding.location == "ranks 0, 1 on \(Self.host)" && finding.found.contains("all on processors 0 of 0-"))
    #expect(found.code == 0)
  }

  /// A rank of as many threads as cores that mpirun binds to one.
  @Test(.enabled(if: cores > 1)) func aRankOnOneCore() throws {
    let program = try RankCall("bt-dist", []).path
    let found = try Diagnosed(
      Launch.run(
        "/usr/bin/env", ["mpirun", "-np", "1", "--bind-to", "core", program] + Self.call, ranks: nil,
        threads: Self.cores))
    let finding = try found.only("binding", "warning")
    #expect(finding.found.hasPrefix("1 core (") && finding.remedy.contains("ppr:1:node:PE=\(Self.cores)"))
  }

  /// One process of one thread that taskset keeps to a core.
  @Test(.enabled(if: cores > 1 && ControlGroup.cpuSet() != nil)) func aProcessOnOneCore() throws {
    let program = try RankCall("bt-dist", []).path
    for threads in [1, Self.cores] {
      let found = try Diagnosed(
        Launch.run("/usr/bin/taskset", ["-c", "0", program] + Self.call, ranks: nil, threads: threads))
      let finding = try found.only("binding", "warning")
      #expect(finding.found.hasPrefix("1 core (processors 0, as by taskset)") && finding.remedy.contains("taskset"))
    }
  }

  /// Two ranks where mpirun itself has one core.
  @Test func oversubscription() throws {
    let program = try RankCall("bt-dist", []).path
    let mpirun = ["-c", "0", "mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2"]
    let found = try Diagnosed(Launch.run("/usr/bin/taskset", mpirun + [program] + Self.call, ranks: nil))
    let finding = try found.only("oversubscription", "warning")
    #expect(
      finding.found == "2 ranks"
        && finding.expected?.hasPrefix("at most 1 rank on 1 core (processors 0, as by taskset)") == true)
  }

  @Test func threadFight() throws {
    let found = try doctor(ranks: 2, threads: Self.cores + 1)
    let finding = try found.only("threads", "warning")
    #expect(finding.found == "\(2 * Self.cores + 2): 2 ranks with \(Self.cores + 1)")
  }

  /// OpenMP puts the first thread of each rank on the first core.
  @Test(.enabled(if: cores > 1)) func threadsOnTheSameCore() throws {
    let finding = try doctor(ranks: 2, environment: ["OMP_PROC_BIND": "true"]).only("threads", "warning")
    #expect(finding.location == "ranks 0, 1 on \(Self.host)" && finding.remedy.hasPrefix("unset OMP_PROC_BIND"))
  }

  /// What Hydra, MPICH's launcher, tells its processes; a real one is started where there is one.
  @Test func processesOfAnotherMPI() throws {
    for rank in 0..<2 {
      let result = try Launch.run(
        "bt-dist", Self.call, ranks: nil, environment: ["PMI_RANK": "\(rank)", "PMI_SIZE": "2"])
      #expect(result.code == 64, "\(result.text)")
      // One of the processes speaks for all.
      guard rank == 0 else { return #expect(result.output == "", "\(result.text)") }
      let finding = try Diagnosed(result).only("launcher", "error")
      #expect(finding.message == "the launcher started 2 processes, but MPI sees 1 rank")
    }
  }

  /// The same library from another folder.
  @Test func anotherFileOfTheMPILibrary() throws {
    let own = try #require(try doctor(ranks: nil).json["hosts"] as? [[String: Any]])
    let path = try #require((own.first?["mpi"] as? [String: Any])?["library_path"] as? String)
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: path, toPath: folder.file("libmpi.so.40"))
    let paths = folder.path + ":" + (ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "")
    let calls = [[:], ["LD_LIBRARY_PATH": paths]].map { RankCall("bt-dist", Self.call, environment: $0) }
    let finding = try Diagnosed(Launch.run(calls)).only("mpi", "warning")
    #expect(finding.location == "rank 1 on \(Self.host)" && finding.found.contains("/libmpi.so.40 (rank 1 "))
  }

  private static let hydra = ["/usr/bin/mpiexec.hydra", "/usr/local/bin/mpiexec.hydra"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: hydra != nil, "needs MPICH's mpiexec.hydra: apt-get install mpich")) func realHydra() throws {
    let program = try RankCall("bt-dist", []).path
    let found = try Diagnosed(Launch.run(Self.hydra!, ["-n", "2", program] + Self.call, ranks: nil))
    let finding = try found.only("launcher", "error")
    #expect(finding.found.contains("hydra"), "\(found.text)")
  }

  @Test func anotherMPIRunStandsFirst() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("mpirun", "#!/bin/sh\necho 'HYDRA build details:'; echo '    Version:    4.0.2'\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    let paths = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    let finding = try doctor(ranks: nil, environment: ["PATH": paths], threads: Self.cores).only("mpi", "warning")
    #expect(finding.found == "HYDRA build details: Version: 4.0.2" && finding.location?.hasSuffix(path) == true)
  }

  @Test(arguments: [true, false]) func anotherProgram(first: Bool) throws {
    let folder = try TemporaryFolder()
    let own = try RankCall("bt-dist", []).path
    let other = try folder.write("bt-dist", try #require(FileManager.default.contents(atPath: own)) + [0])
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other)
    let result = try Launch.run(
      [own, other].map { RankCall($0, first ? Self.call : ["doctor"] + Self.small) }, limit: 30)
    #expect(result.code == 64, "\(result.text)")
    if first {
      let finding = try Diagnosed(result).only("program", "error")
      #expect(
        finding.location == "executable, rank 1 on \(Self.host)"
          && finding.found.contains("\(URL(fileURLWithPath: folder.path).lastPathComponent)/bt-dist of SHA-256"))
    } else {
      #expect(result.output.contains("error, program: not the program that rank 0 runs"), "\(result.text)")
    }
  }

  @Test func smallMemory() throws {
    let limit = try doctor(ranks: 2, environment: ["SLURM_MEM_PER_NODE": "100"]).only("memory", "error")
    #expect(limit.found == "100 MiB (Slurm's limit)" && limit.location == Self.host)
    // Enough to begin with, but not for this run.
    let found = try doctor(
      ranks: 2, ["--batch-size", "65536", "--proj-output-dim", "2048", "--data", "synthetic:12,n=65536"],
      environment: ["SLURM_MEM_PER_NODE": "700"])
    #expect(try found.only("memory", "error").message == "too little memory for the run", "\(found.text)")
    let program = try RankCall("bt-dist", []).path
    let words = "ulimit -v 1500000; exec \"$@\""
    let addresses = try Diagnosed(
      Launch.run("/bin/bash", ["-c", words, "sh", program] + Self.call, ranks: nil, threads: Self.cores))
    #expect(try addresses.only("memory", "error").found.contains("(ulimit -v)"))
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func rootWithoutPermission() throws {
    let found = try doctor(ranks: nil, environment: ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": ""], threads: Self.cores)
    #expect(try found.only("root", "warning").remedy.contains("export OMPI_ALLOW_RUN_AS_ROOT=1"))
  }

  /// Working folders and data that are not the same, as on hosts without a shared disk.
  @Test func otherFolders() throws {
    let folder = try TemporaryFolder()
    let options = ["--data", "npy:x.npy"]
    let calls = try [true, false].enumerated().map { rank, hasData in
      let own = try folder.folder("host\(rank)")
      if hasData { try folder.npy("host\(rank)/x.npy", [64, 12], normalNumbers(64 * 12, seed: 1)) }
      return RankCall("bt-dist", Self.call + options, folder: own)
    }
    let found = try Diagnosed(Launch.run(calls))
    let errors = found.errors
    #expect(errors.map(\.check) == ["folder", "data"] && found.code == 64, "\(found.text)")
    #expect(errors[0].location == "rank 1 on \(Self.host)" && errors[0].found.contains("/host1"))
    #expect(
      errors[1].location == "rank 1 on \(Self.host): npy:x.npy" && errors[1].found.contains("cannot open the file"))
    #expect(errors[1].expected == "64 rows of 12")
  }

  @Test func aFolderThatCannotBeWritten() throws {
    let finding = try doctor(ranks: nil, ["--out", "/proc/run"], threads: Self.cores).only("folder", "error")
    #expect(finding.location?.hasPrefix("/proc") == true, "\(finding)")
  }

  @Test func aRunThatTheRanksCannotDo() throws {
    let finding = try doctor(ranks: 2, ["--batch-size", "15"]).only("configuration", "error")
    #expect(finding.remedy.contains("--batch-size 14"), "\(finding)")
  }
}
