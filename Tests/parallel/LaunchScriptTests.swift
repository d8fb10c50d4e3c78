import Foundation
import TestSupport
import Testing

/// What the scripts in `launch/` make of machine, hostfile and batch system. Programs that come first in `PATH` take the
/// place of mpirun, ssh and of batch systems, and note how they were called.
@Suite struct LaunchScriptTests {
  private static let root =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  /// Says how many CPUs, cores, sockets and NUMA nodes there are, two hyperthreads a core if `threads` is 2.
  private static func machine(nodes: Int, coresEach: Int, threads: Int = 1, allowed: Int? = nil) -> [String: String] {
    let cores = nodes * coresEach
    let lines = (0..<cores * threads).map { "\($0),\($0 % cores),\($0 % cores / coresEach),\($0 % cores / coresEach)" }
    let count = allowed ?? cores * threads
    // lscpu is asked for CPU,CORE,SOCKET,NODE here and for CORE,SOCKET on hosts.
    return [
      "lscpu":
        "case $1 in -p=CPU*) cut='1-4' ;; *) cut='2,3' ;; esac; echo '\(lines.joined(separator: "\n"))' | cut -d, -f$cut",
      "nproc": "echo \(count)", "getconf": "echo \(cores * threads)",
      "taskset": "echo \"pid 1's current affinity list: 0-\(count - 1)\"",
      "mpirun":
        #"echo "interfaces $OMPI_MCA_btl_tcp_if_include $OMPI_MCA_oob_tcp_if_include" >> "$STUBS/calls"; exit 0"#,
    ]
  }

  private struct Called {
    let result: LaunchResult
    /// A line for each call of a program in the place of another: its name and arguments.
    let calls: [String]
    var mpirun: String { calls.last { $0.hasPrefix("mpirun ") } ?? "" }
  }

  private static let noted: Set = ["mpirun", "ssh", "qsub", "qrerun", "qalter", "qresub", "scontrol", "srun"]

  private func call(
    _ script: String, _ arguments: [String], with programs: [String: String], _ environment: [String: String] = [:]
  ) throws -> Called {
    let folder = try TemporaryFolder()
    for (name, body) in programs {
      let path = folder.file(name)
      let note = "echo \"\(name) $*\" >> '\(folder.file("calls"))'"
      try "#!/bin/bash\n\(Self.noted.contains(name) ? note : "")\n\(body)\n"
        .write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    var all = environment
    all["PATH"] = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    all["STUBS"] = folder.path
    // A thread count in the test's own environment would be a user's choice.
    let unset = environment["OMP_NUM_THREADS"] == nil ? "unset OMP_NUM_THREADS BT_DIST_CACHE;" : ""
    let result = try Launch.run(
      "/bin/bash", ["-c", "\(unset) cd '\(Self.root)'; exec \"$0\" \"$@\"", script] + arguments, ranks: nil,
      environment: all, limit: 30)
    return Called(result: result, calls: folder.text("calls").split(separator: "\n").map(String.init))
  }

  // MARK: launch/local

  /// Nodes, cores of each, hyperthreads, processors allowed: ranks, threads, whether bound.
  @Test(arguments: [
    ([1, 1, 1, 1], "1 1 none"), ([1, 2, 1, 2], "1 2 core"), ([1, 8, 2, 16], "1 8 core"), ([2, 16, 2, 64], "4 8 core"),
    ([2, 8, 1, 16], "2 8 core"), ([1, 64, 2, 128], "8 8 core"), ([3, 8, 1, 24], "4 6 core"),
    ([1, 16, 1, 4], "1 4 none"),
  ])
  func aMachineIsDividedIntoRanks(_ numbers: [Int], _ expected: String) throws {
    let machine = Self.machine(nodes: numbers[0], coresEach: numbers[1], threads: numbers[2], allowed: numbers[3])
    let called = try call("launch/local", ["--", "--out", "a b"], with: machine)
    let words = expected.split(separator: " ")
    #expect(called.result.code == 0, "\(called.result.text)")
    #expect(
      called.mpirun.hasPrefix("mpirun --host localhost:\(words[0]) -np \(words[0]) ")
        && called.mpirun.contains("--bind-to \(words[2])") && called.mpirun.hasSuffix("bt-dist train --out a b"),
      "\(called.calls)")
    #expect(called.result.errors.contains("launch/local: \(words[0]) × \(words[1]) (ranks × threads)"))
    #expect(words[2] == "none" || called.mpirun.contains("ppr:\(words[0]):node:PE=\(words[1])"))
  }

  /// Options alone are those of train.
  @Test func anotherCommandStandsFirst() throws {
    let machine = Self.machine(nodes: 1, coresEach: 8)
    let doctor = try call("launch/local", ["--", "doctor", "--json"], with: machine)
    #expect(doctor.mpirun.hasSuffix("/bt-dist doctor --json"), "\(doctor.mpirun)")
    #expect(try call("launch/local", ["--", "--out", "x"], with: machine).mpirun.hasSuffix("/bt-dist train --out x"))
    #expect(try call("launch/local", ["--"], with: machine).mpirun.hasSuffix("/bt-dist train"))
  }

  @Test func ranksAndThreadsCanBeGiven() throws {
    let machine = Self.machine(nodes: 1, coresEach: 8)
    #expect(try call("launch/local", ["2", "--"], with: machine).mpirun.contains("ppr:2:node:PE=4 --bind-to core"))
    #expect(
      try call("launch/local", ["2", "1", "--"], with: machine).mpirun.contains(
        "-np 2 -x OMP_NUM_THREADS --bind-to none"))
    #expect(try call("launch/local", ["16", "--"], with: machine).mpirun.contains("mpi_yield_when_idle 1"))
  }

  @Test(arguments: [
    ("launch/local", []), ("launch/local", ["two", "--"]), ("launch/local", ["1", "2", "3", "--"]),
    ("launch/hosts", []),
    ("launch/hosts", ["--", "--out", "x"]), ("launch/hosts", ["/nowhere", "--"]),
    ("launch/hosts", ["hostfiles/localhost"]),
    ("launch/pbs.pbs", ["-l", "select=2"]), ("launch/sge.sh", ["--out", "x"]),
  ])
  func aWrongCallSaysWhy(_ script: String, _ arguments: [String]) throws {
    let called = try call(script, arguments, with: Self.machine(nodes: 1, coresEach: 2))
    #expect(called.result.code == 64 && !called.result.errors.isEmpty && called.calls.isEmpty, "\(called.result.text)")
  }

  // MARK: launch/hosts

  /// An ssh that does on this machine what it should do on the host, or does not answer.
  private static let ssh = """
    for word; do case $word in gone) echo "ssh: connect to host gone port 22: No route to host" >&2; exit 255 ;; esac; done
    case " $* " in
      *" poor "*) printf '#!/bin/bash\\necho "libmpi.so.40 => not found"' > "$STUBS/ldd"; chmod +x "$STUBS/ldd" ;;
      *" other "*) printf '#!/bin/bash\\necho 1 2' > "$STUBS/cksum"; chmod +x "$STUBS/cksum" ;;
    esac
    exec bash -c "${@: -1}"
    """

  private func hosts(_ file: String, _ options: [String] = [], _ environment: [String: String] = [:]) throws -> Called {
    let folder = try TemporaryFolder()
    let hostfile = try folder.write("hosts", file)
    let programs = Self.machine(nodes: 1, coresEach: 16).merging(["ssh": Self.ssh]) { $1 }
    return try call(
      "launch/hosts", [hostfile] + options + ["--", "--out", "x"], with: programs, environment)
  }

  @Test func slotsAreRanksAndShareTheCores() throws {
    let called = try hosts("# two hosts\na slots=2\n\nb slots = 4 max_slots=8 # the other")
    #expect(called.result.code == 0, "\(called.result.text)")
    #expect(called.mpirun.contains("--map-by slot:PE=4 -x OMP_NUM_THREADS "), "\(called.mpirun)")
    #expect(
      called.result.errors.contains("launch/hosts: 6 × 4 (ranks × threads) on a b\n"), "\(called.result.text)")
  }

  /// Lines of one host add up, as for mpirun; a host without slots has as many as cores.
  @Test(arguments: [
    ("a\na\nb slots=2\n", "--map-by slot:PE=8", "4 × 8 (ranks × threads) on a b"),
    ("a max_slots=4\n", "--map-by slot:PE=1", "16 × 1 (ranks × threads) on a"),
    ("a slots=2\nb slots=32", "--map-by slot --bind-to none", "34 × 1 (ranks × threads) on a b"),
  ])
  func slotsAreReadAsByMPIRun(_ file: String, _ mapping: String, _ text: String) throws {
    let called = try hosts(file)
    #expect(called.mpirun.contains(" \(mapping) "), "\(called.mpirun)")
    #expect(called.result.errors.contains("launch/hosts: \(text)\n"), "\(called.result.text)")
  }

  @Test func aMappingOfOnesOwnWins() throws {
    let called = try hosts(
      "a slots=2\nb slots=2", ["--map-by", "ppr:1:node:PE=8"],
      ["BT_DIST_INTERFACE": "eth1", "OPENBLAS_CORETYPE": "Haswell"])
    #expect(!called.mpirun.contains("slot:PE") && called.mpirun.contains("-x OPENBLAS_CORETYPE"), "\(called.mpirun)")
    #expect(called.calls.contains("interfaces eth1 eth1"), "\(called.calls)")
    #expect(
      called.result.errors.contains("launch/hosts: 2 × 8 (ranks × threads) on a b\n"), "\(called.result.text)")
  }

  @Test(arguments: [
    ("gone", 255, "gone does not answer: ssh: connect to host gone"), ("poor", 64, "does not find libmpi.so.40"),
    ("other", 64, "is not the build that is here"),
  ])
  func aHostThatCannotTakePartIsNamed(_ host: String, _ code: Int32, _ text: String) throws {
    let called = try hosts("\(host) slots=2")
    #expect(called.result.code == code && called.mpirun.isEmpty, "\(called.result.text)")
    #expect(
      called.result.errors.contains("launch/hosts: \(host)") && called.result.errors.contains(text),
      "\(called.result.text)")
  }

  /// At the first launch, too, when there is no run folder to keep the log in.
  @Test func runUntilDoneLeavesOutAHost() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("hosts", "a slots=2\ngone slots=2 max_slots=8\n")
    let called = try call(
      "launch/run-until-done",
      ["--launches", "1", "--hostfile", file, "--map-by", "slot:PE=8", "--", "--out", folder.file("run")],
      with: ["ssh": Self.ssh, "mpirun": "exit 0"])
    #expect(called.result.code == 0 && called.mpirun.hasPrefix("mpirun -np 2 "), "\(called.result.text)")
    #expect(called.result.errors.contains("no answer from gone: 2 of 4 ranks\n"), "\(called.result.text)")
  }

  // MARK: Batch systems

  private static let slurm = [
    "SLURM_SUBMIT_DIR": root, "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a,b", "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "2", "SLURM_CPUS_PER_TASK": "8",
  ]

  @Test(arguments: [
    ("pmix", "mca:pmix:ext3x:version", "", true), ("pmi2", "mca:pmix:ext3x:version", "", false),
    ("pmix", "mca:pmix:isolated:version", "", false), ("pmix", "ompi:version:full:5.0.3", "", true),
    ("pmix", "mca:pmix:ext3x:version", "mpirun", false), ("none", "", "srun", true),
  ])
  func slurmStartsBySrunWherePMIxIsThere(_ types: String, _ openMPI: String, _ choice: String, _ bySrun: Bool) throws {
    let programs = [
      "srun": "[ \"$1\" = --mpi=list ] && echo '\(types)'; exit 0", "ompi_info": "echo '\(openMPI)'",
      "mpirun": "exit 0",
    ]
    let called = try call(
      "launch/slurm.sbatch", ["--", "--out", "x"], with: programs,
      Self.slurm.merging(choice.isEmpty ? [:] : ["BT_DIST_LAUNCHER": choice]) { $1 })
    let last = try #require(called.calls.last)
    #expect(called.result.code == 0 && last.hasSuffix("bt-dist train --out x"), "\(called.result.text)")
    #expect(last.hasPrefix(bySrun ? "srun --mpi=pmix --export=ALL --cpus-per-task=8 " : "mpirun "), "\(called.calls)")
    #expect(bySrun || last.contains("--map-by ppr:2:node:PE=8"))
  }

  /// mpirun's 1 is a refusal at the start of the first launch, and a loss later.
  @Test(arguments: [
    (0, 0, false), (75, 0, true), (137, 3, true), (65, 0, false), (75, 100, false), (1, 0, false), (1, 2, true),
    (132, 1, false), (205, 0, true),
  ])
  func slurmQueuesAgainWhatMayEndBetter(_ code: Int, _ restarts: Int, _ again: Bool) throws {
    var environment = Self.slurm
    environment["BT_DIST_LAUNCHER"] = "mpirun"
    environment["MPIRUN_CODE"] = "\(code)"
    environment["SLURM_RESTART_COUNT"] = "\(restarts)"
    let called = try call(
      "launch/slurm.sbatch", [], with: ["mpirun": "exit $MPIRUN_CODE", "scontrol": "exit 0"], environment)
    #expect(called.calls.contains("scontrol requeue 7") == again, "\(called.calls)")
    #expect(called.result.code == (again ? 0 : Int32(code)), "\(called.result.text)")
    #expect(called.result.errors.contains("exit code \(code), ") == (code != 0), "\(called.result.text)")
    #expect(
      called.result.output.contains("job 7, requeued \(restarts) times: 4 × 8 (ranks × threads) on a,b by mpirun"))
  }

  /// qsub gets a script with the options in it; as a job, it starts mpirun, is run again, or hands itself to qsub once more.
  @Test(arguments: [true, false]) func pbsRunsAgain(_ mayRerun: Bool) throws {
    let folder = try TemporaryFolder()
    let programs = [
      "qsub": "cat > '\(folder.file("job"))'", "qrerun": mayRerun ? "kill $PPID" : "exit 1",
      "qstat": "echo '    run_count = 3'; echo '    Resource_List.walltime = 01:00:05'",
      "mpirun": "cat \"$2\" >&2; echo \"$PBS_WALLTIME s\"; exit $MPIRUN_CODE",
    ]
    let submitted = try call("launch/pbs.pbs", ["-l", "select=2", "--", "--out", "a b", "$x"], with: programs)
    #expect(submitted.calls == ["qsub -l walltime=24:00:00 -l select=2"], "\(submitted.result.text)")
    #expect(folder.text("job").contains("#PBS -r y\n"))
    try "a\na\nb\nb\n".write(toFile: folder.file("nodes"), atomically: true, encoding: .utf8)
    let job = try call(
      "/bin/bash", [folder.file("job")], with: programs,
      [
        "PBS_JOBID": "9.server", "PBS_O_WORKDIR": Self.root, "PBS_NODEFILE": folder.file("nodes"),
        "OMP_NUM_THREADS": "8",
        "MPIRUN_CODE": "75",
      ])
    #expect(
      job.mpirun.contains("--map-by ppr:2:node:PE=8 ") && job.mpirun.hasSuffix("bt-dist train --out a b $x"),
      "\(job.calls)")
    #expect(job.result.errors.contains("a slots=2\nb slots=2\n"), "\(job.result.text)")
    #expect(job.result.output.contains("job 9.server, requeued 2 times: 4 × 8 (ranks × threads), hosts: 2\n"))
    #expect(job.result.output.contains("\n3605 s\n"), "\(job.result.text)")
    #expect(job.calls.contains("qrerun 9.server"))
    #expect(job.calls.contains { $0.hasPrefix("qsub ") } != mayRerun)
    #expect(folder.text("job").contains(" submitted=\(mayRerun ? 0 : 3) "))
  }

  /// SIGTERM is qdel: the run saves, and is not queued again.
  @Test func pbsEndsAtSIGTERM() throws {
    let folder = try TemporaryFolder()
    let programs = [
      "qsub": "cat > '\(folder.file("job"))'", "qrerun": "exit 0", "qstat": "exit 0",
      "mpirun": "trap 'exit 75' USR1; kill -TERM $PPID; for i in {1..50}; do sleep 0.1; done; exit 1",
    ]
    _ = try call("launch/pbs.pbs", ["--"], with: programs)
    try "a\n".write(toFile: folder.file("nodes"), atomically: true, encoding: .utf8)
    let job = try call(
      "/bin/bash", [folder.file("job")], with: programs,
      ["PBS_JOBID": "9.server", "PBS_O_WORKDIR": Self.root, "PBS_NODEFILE": folder.file("nodes")])
    #expect(job.result.code == 75 && job.calls.count == 1, "\(job.calls) \(job.result.text)")
  }

  /// Grid Engine's notice becomes SIGUSR1 for the ranks. A copy of the job goes to the queue, or 99 queues it again.
  @Test(arguments: [(true, "USR1"), (false, "USR1"), (true, "USR2")])
  func gridEngineQueuesAgain(_ maySubmit: Bool, _ signal: String) throws {
    let folder = try TemporaryFolder()
    try "a 16 q UNDEFINED\nb 8 q UNDEFINED\n".write(toFile: folder.file("hosts"), atomically: true, encoding: .utf8)
    try "job 5, requeued 2 times: x\n".write(toFile: folder.file("log"), atomically: true, encoding: .utf8)
    let job = try call(
      "launch/sge.sh", ["--out", folder.path],
      with: [
        "ompi_info": "echo mca:ras:gridengine:version", "qconf": "echo 'control_slaves     TRUE'",
        "qstat": "echo 'hard resource_list:         h_rt=7200,s_rt=1:00:05'; echo 'context:   a=1,bt_dist_requeued=2'",
        "qalter": "exit 0", "qresub": maySubmit ? "exit 0" : "exit 1",
        "mpirun": """
        echo "$PBS_WALLTIME s, ${OMPI_MCA_plm_rsh_disable_qrsh:-0}"
        trap 'exit 75' USR1; kill -\(signal) $PPID; for i in {1..50}; do sleep 0.1; done; exit 1
        """,
      ],
      [
        "JOB_ID": "5", "NSLOTS": "24", "PE": "mpi", "PE_HOSTFILE": folder.file("hosts"),
        "SGE_STDOUT_PATH": folder.file("log"), "BT_DIST_THREADS": "4",
      ])
    let again = signal == "USR1"
    #expect(job.result.code == (again && maySubmit ? 75 : 99), "\(job.result.text)")
    #expect(job.mpirun.hasPrefix("mpirun --map-by ppr:2:node:PE=4 ") && !job.mpirun.contains("--hostfile"))
    #expect(job.calls.dropFirst() == (again ? ["qalter -ac bt_dist_requeued=4 5", "qresub 5"] : []), "\(job.calls)")
    #expect(
      job.result.output.contains("job 5, requeued 3 times: 4 × 4 (ranks × threads), hosts: 2\n3545 s, 0\n"),
      "\(job.result.text)")
  }

  /// Without Grid Engine's support in Open MPI, or where Grid Engine starts nothing on other hosts, mpirun starts by ssh.
  @Test(arguments: [true, false]) func gridEngineStartsBySSH(_ isKnownToOpenMPI: Bool) throws {
    let folder = try TemporaryFolder()
    try "a 2 q UNDEFINED\n".write(toFile: folder.file("hosts"), atomically: true, encoding: .utf8)
    let job = try call(
      "launch/sge.sh", ["--out", "x"],
      with: [
        "ompi_info": "echo mca:ras:\(isKnownToOpenMPI ? "gridengine" : "slurm"):version",
        "qconf": "echo 'control_slaves     FALSE'", "qstat": "exit 1",
        "mpirun": """
        echo "${OMPI_MCA_plm_rsh_disable_qrsh:-0}"
        for word; do [ "$last" != --hostfile ] || cat "$word"; last=$word; done; exit 65
        """,
      ],
      ["JOB_ID": "5", "NSLOTS": "2", "PE": "mpi", "PE_HOSTFILE": folder.file("hosts"), "BT_DIST_THREADS": "1"])
    #expect(job.result.code == 65 && job.calls.count == 1, "\(job.calls) \(job.result.text)")
    #expect(job.mpirun.contains("--hostfile") != isKnownToOpenMPI)
    #expect(job.result.output.hasSuffix(isKnownToOpenMPI ? "\n1\n" : "\n0\na slots=2\n"), "\(job.result.text)")
    #expect(job.result.errors.contains("give --time-limit"))
  }
}
