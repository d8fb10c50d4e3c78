import Foundation
import TestSupport
import Testing

/// Names, numbers and answers that come from files, variables, batch systems and other hosts, and that mean harm.
///
/// bash runs the commands in a text that it takes for a number; ssh and others take a hyphen for an option.
@Suite struct HostileNameTests {
  /// `pwned` is a program that leaves a mark.
  private static let texts = ["0+EUID[$(pwned)0]+0", "-oProxyCommand=pwned"]

  private static let programs = [
    "pwned": "touch \"$STAND_INS/mark\"", "mpirun": "exit 75",
    // What ssh does with such an option.
    "ssh": """
    for word; do case $word in --) break ;; -oProxyCommand=*) eval "${word#*=}" ;; esac; done
    [ -z "${ANSWER:-}" ] || echo "$ANSWER"
    """,
    "srun": "exit 75", "scontrol": "exit 0", "qrerun": "exit 0", "qalter": "exit 0", "qresub": "exit 0",
    "qconf": "exit 1",
    "qsub": "cat > /dev/null", "sleep": "exit 0", "qstat": "printf '%s\\n' \"${ANSWER:-}\"",
    "nproc": "echo \"${ANSWER:-2}\"",
    "ompi_info": "exit 0",
  ]

  /// A way in for a text: a file, a variable, or what a program says.
  struct Entry: Sendable, CustomTestStringConvertible {
    var script: String
    var way: String
    var testDescription: String { "\(script), \(way)" }

    init(_ script: String, _ way: String) { (self.script, self.way) = (script, way) }
  }

  private static let ways: [(script: String, ways: [String])] = [
    ("launch/run-until-done", ["checkpoint", "host", "slots", "log"]),
    ("launch/hosts", ["host", "slots", "answer: cores TEXT", "OMP_NUM_THREADS", "hostfile"]),
    ("launch/local", ["answer: TEXT"]),
    (
      "launch/slurm.sbatch",
      [
        "checkpoint", "note", "SLURM_JOB_ID", "SLURM_CPUS_PER_TASK", "SLURM_NTASKS_PER_NODE", "SLURM_RESTART_COUNT",
        "BT_DIST_REQUEUES",
      ]
    ),
    (
      "launch/pbs.pbs",
      [
        "host", "BT_DIST_THREADS", "OMP_NUM_THREADS", "BT_DIST_REQUEUES", "PBS_JOBID", "PBS_NODEFILE",
        "answer:     run_count = TEXT", "answer:     Resource_List.walltime = TEXT",
      ]
    ),
    (
      "launch/sge.sh",
      [
        "host", "slots", "BT_DIST_THREADS", "OMP_NUM_THREADS", "BT_DIST_REQUEUES", "JOB_ID", "PE", "PE_HOSTFILE",
        "SGE_STDOUT_PATH", "answer: context:   bt_dist_requeued=TEXT",
        "answer: hard resource_list:         h_rt=TEXT",
      ]
    ),
  ]
  private static let entries = ways.flatMap { script, ways in ways.map { Entry(script, $0) } }

  @Test(arguments: entries) func aTextIsNeitherRunNorAnOption(_ entry: Entry) throws {
    for text in Self.texts {
      let standIns = try StandIns(Self.programs)
      let result = try call(entry, text, standIns)
      let mark = FileManager.default.fileExists(atPath: standIns.folder.file("mark"))
      #expect(!mark && standIns.calls(of: "pwned").isEmpty, "\(text): \(standIns.calls)\n\(result.text)")
      #expect(!standIns.calls.contains { $0.contains(" -oProxyCommand") }, "\(text): \(standIns.calls)")
      #expect(!result.errors.contains("syntax error") && !result.errors.contains("unbound variable"), "\(result.text)")
    }
  }

  /// Calls the script with everything in order except for what the entry names.
  private func call(_ entry: Entry, _ text: String, _ standIns: StandIns) throws -> LaunchResult {
    let folder = standIns.folder
    let run = folder.file("run")
    let host = entry.way == "host" ? text : "a"
    let slots = entry.way == "slots" ? text : "2"
    if entry.way == "checkpoint" {
      let checkpoint = run + "/checkpoints/step-" + text
      try FileManager.default.createDirectory(atPath: checkpoint, withIntermediateDirectories: true)
      try "{}".write(toFile: checkpoint + "/manifest.json", atomically: true, encoding: .utf8)
    }
    if entry.way == "note" {
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      try text.write(toFile: run + "/.launches-in-vain", atomically: true, encoding: .utf8)
    }
    let hostfile = try folder.write("hosts", "\(host) slots=\(slots)\n")
    var environment = [
      "SLURM_SUBMIT_DIR": StandIns.root, "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a", "SLURM_RESTART_COUNT": "1",
      "BT_DIST_LAUNCHER": "mpirun", "PBS_O_WORKDIR": StandIns.root,
      "PBS_NODEFILE": try folder.write("nodes", "\(host)\n"),
      "PBS_NUM_PPN": "2",
      "JOB_ID": "5", "NSLOTS": "2", "PE": "mpi",
      "PE_HOSTFILE": try folder.write("pe", "\(host) \(slots) q UNDEFINED\n"),
    ]
    if entry.way.hasPrefix("answer: ") {
      environment["ANSWER"] = entry.way.dropFirst(8).replacingOccurrences(of: "TEXT", with: text)
    } else if entry.way.uppercased() == entry.way {
      environment[entry.way] = text
    }
    switch entry.script {
    case "launch/run-until-done":
      let log = entry.way == "log" ? ["--log", text] : []
      let options = log + ["--launches", "1", "--hostfile", hostfile, "--", "--out", run]
      return try standIns.call(entry.script, options, in: folder.path, environment)
    case "launch/hosts":
      return try standIns.call(entry.script, [entry.way == "hostfile" ? text : hostfile, "--"], environment)
    case "launch/pbs.pbs":
      let job = "PBS_JOBID=${PBS_JOBID:-9.server} launch/pbs.pbs"
      return try standIns.bash("launch/pbs.pbs -- --out \"$1\"; \(job)", [run], environment)
    default: return try standIns.call(entry.script, ["--", "--out", run], environment)
    }
  }

  /// Code 64, and the place: before any program is told of the name.
  @Test(arguments: [
    "-oProxyCommand=x", "a;b", "$(x)", "\"a\"", "a@-b", "-l@b", "node1\r", "`x`", "@a", "a@", "a@b@c", "^a",
    "ä",
  ])
  func whatIsNoHostIsRefused(_ name: String) throws {
    for script in ["launch/hosts", "launch/run-until-done"] {
      let standIns = try StandIns(Self.programs)
      let file = try standIns.folder.write("hosts", "# two\na\n\(name) slots=2\n")
      let arguments = script == "launch/hosts" ? [file] : ["--launches", "1", "--hostfile", file]
      let result = try standIns.call(script, arguments + ["--", "--out", standIns.folder.file("run")])
      #expect(result.code == 64 && standIns.calls.isEmpty, "\(script): \(standIns.calls)\n\(result.text)")
      #expect(result.errors.contains("hosts, line 3: ") && result.errors.contains("is not the name of a host"))
    }
  }

  /// Names that are in order reach ssh after `--`.
  @Test(arguments: ["node1", "user@node-1.cluster_2", "10.0.0.1", "fe80::1%eth0", "_n"])
  func aHostIsTaken(_ name: String) throws {
    var programs = Self.programs
    programs["mpirun"] = "exit 0"
    let standIns = try StandIns(programs)
    let file = try standIns.folder.write("hosts", "\(name) slots=08 # eight")
    let answer = ["ANSWER": "cores 16"]
    let hosts = try standIns.call("launch/hosts", [file, "--"], answer)
    #expect(hosts.code == 0 && hosts.errors.contains("8 × 2 (ranks × threads) on \(name)\n"), "\(hosts.text)")
    let run = standIns.folder.file("run")
    let repeated = try standIns.call("launch/run-until-done", ["--hostfile", file, "--", "--out", run], answer)
    #expect(repeated.code == 0 && repeated.errors.contains("hosts: \(name)\n"), "\(repeated.text)")
    let calls = standIns.calls(of: "ssh")
    #expect(calls.count == 2 && calls.allSatisfy { $0.contains(" -- \(name) ") }, "\(calls)")
  }

  /// What a host answers is shown without what would move the cursor.
  @Test func anAnswerCannotWriteOverTheTerminal() throws {
    let standIns = try StandIns(["ssh": #"printf 'missing \033[2J\n'"#])
    let file = try standIns.folder.write("hosts", "a\n")
    let result = try standIns.call("launch/hosts", [file, "--"])
    #expect(result.code == 64 && result.errors.contains("a: missing ?[2J\n"), "\(result.text)")
  }

  /// A log in a run of someone else's that is a link, or a pipe that no one reads, is left alone.
  @Test func theLogDoesNotFollowALink() throws {
    let standIns = try StandIns(["mpirun": "exit 0"])
    let run = standIns.folder.file("run")
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    let precious = try standIns.folder.write("precious", "mine\n")
    try FileManager.default.createSymbolicLink(atPath: run + "/launches.log", withDestinationPath: precious)
    let result = try standIns.call("launch/run-until-done", ["--", "--out", run])
    #expect(result.code == 0 && standIns.folder.text("precious") == "mine\n", "\(result.text)")
    let given = try standIns.call("launch/run-until-done", ["--log", precious, "--", "--out", run])
    #expect(given.code == 0 && standIns.folder.text("precious").contains("launch 1"), "\(given.text)")
  }

  /// With CDPATH bash's `cd` goes elsewhere.
  @Test func scriptsFindTheirRoot() throws {
    let standIns = try StandIns(["mpirun": "exit 0"])
    try FileManager.default.createDirectory(
      atPath: standIns.folder.file("launch"), withIntermediateDirectories: true)
    let result = try standIns.bash(
      ". launch/environment; echo \"$root\"; pwd", [], ["CDPATH": standIns.folder.path])
    #expect(result.output == "\(StandIns.root)\n\(StandIns.root)\n", "\(result.text)")
  }
}
