import Foundation
import TestSupport
import Testing

/// What launches again looks at how far the run is: three launches in a row without a newer checkpoint end it.
@Suite struct LaunchProgressTests {
  /// An mpirun that leaves the next of `$STEPS` as a checkpoint, `-` for none, and ends with 75.
  private static let mpirun = """
    read -r step rest < "$STAND_INS/steps"; echo "$rest" > "$STAND_INS/steps"
    mkdir -p "$RUN"
    if [ "$step" != - ]; then mkdir -p "$RUN/checkpoints/step-$step"; echo {} > "$RUN/checkpoints/step-$step/manifest.json"; fi
    exit 75
    """

  private func leaving(_ steps: String) throws -> StandIns {
    let standIns = try StandIns([
      "mpirun": Self.mpirun, "scontrol": "exit 0", "qrerun": "kill $PPID", "qresub": "exit 0", "qalter": "exit 0",
      "qconf": "exit 1", "ompi_info": "exit 0", "sleep": "exit 0",
      "qstat": #"case $1 in -f) echo "    run_count = $STARTS" ;; esac"#,
    ])
    _ = try standIns.folder.write("steps", steps)
    return standIns
  }

  /// Starts a job as its batch system does, for as long as it queues itself again; gives the number of starts.
  private func startUntilItGivesUp(_ script: String, _ standIns: StandIns) throws -> (count: Int, last: LaunchResult) {
    let run = standIns.folder.file("run")
    var environment = [
      "RUN": run, "SLURM_SUBMIT_DIR": StandIns.root, "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a",
      "BT_DIST_LAUNCHER": "mpirun", "PBS_O_WORKDIR": StandIns.root, "PBS_JOBID": "9.server",
      "PBS_NODEFILE": try standIns.folder.write("nodes", "a\n"), "JOB_ID": "5", "NSLOTS": "1",
      "PE_HOSTFILE": try standIns.folder.write("pe", "a 1 q UNDEFINED\n"),
      "SGE_STDOUT_PATH": standIns.folder.file("log"),
    ]
    var start = 0
    while true {
      start += 1
      environment["SLURM_RESTART_COUNT"] = "\(start - 1)"
      environment["STARTS"] = "\(start)"
      let job =
        script == "launch/pbs.pbs"
        // The job's script, as it hands it to qsub.
        ? try standIns.bash("bash <(sed \"s|^train=()|train=(--out '$RUN')|\" launch/pbs.pbs)", [], environment)
        : try standIns.call(script, ["--out", run], environment)
      _ = try standIns.folder.write("log", standIns.folder.text("log") + job.output)
      let calls = standIns.calls
      let isQueued =
        script == "launch/sge.sh"
        ? job.code == 99 : calls.contains("scontrol requeue 7") || calls.contains("qrerun 9.server")
      if !isQueued || start == 10 { return (start, job) }
      try FileManager.default.removeItem(atPath: standIns.folder.file("calls"))
    }
  }

  /// Steps of the checkpoints that the launches leave: how many starts there are until the job gives up.
  @Test(
    arguments: ["launch/slurm.sbatch", "launch/pbs.pbs", "launch/sge.sh"],
    [(steps: "- - - - - - - - - -", starts: 3), (steps: "08 - 09 - - - - - - -", starts: 6)])
  func aJobThatGetsNoFurtherIsNotQueuedAgain(_ script: String, _ expected: (steps: String, starts: Int)) throws {
    let standIns = try leaving(expected.steps)
    let (starts, last) = try startUntilItGivesUp(script, standIns)
    #expect(starts == expected.starts && last.code == 75, "\(starts): \(last.text)")
    #expect(
      last.errors.contains("three launches in a row without a newer checkpoint: giving up"), "\(last.text)")
    // A new job in the same folder has its own three.
    _ = try standIns.folder.write("steps", "- - - -")
    try FileManager.default.removeItem(atPath: standIns.folder.file("calls"))
    _ = try standIns.folder.write("log", "")
    #expect(try startUntilItGivesUp(script, standIns).count == 3)
  }

  // MARK: --out

  /// `--out` may stand in the file; what its checkpoints are called does not matter.
  @Test(arguments: ["file", "line", "-r"]) func theRunFolderIsAsBtDistUnderstandsIt(_ way: String) throws {
    let standIns = try StandIns(["mpirun": Self.mpirun, "sleep": "exit 0"])
    let folder = standIns.folder
    _ = try folder.write("steps", "1 2 2 2 - -")
    _ = try folder.write("run.json5", "{\n  // the run\n  out: 'the \\u0022run\\u0022'\n}\n")
    let name = way == "file" ? "the \"run\"" : way == "line" ? "on the line" : "-r"
    let arguments = way == "file" ? ["--config", "run.json5"] : ["--config", "run.json5", "--out", name]
    let result = try standIns.call(
      "launch/run-until-done", ["--"] + arguments, in: folder.path, ["RUN": folder.file(name)])
    #expect(result.code == 75 && standIns.calls(of: "mpirun").count == 5, "\(result.text)")
    let log = folder.text(name + "/launches.log")
    #expect(log.contains("launch 2: exit code 75") && log.contains("newest checkpoint: step 2\n"), "\(log)")
    #expect(log.contains("three launches in a row without a newer checkpoint: giving up"))
  }

  @Test func aRunNeedsAFolder() throws {
    let standIns = try StandIns(["mpirun": "exit 0"])
    _ = try standIns.folder.write("run.json5", "{lambd: 0.1}")
    let result = try standIns.call("launch/run-until-done", ["--", "--config", "run.json5"], in: standIns.folder.path)
    #expect(result.code == 64 && result.errors.contains("give --out RUN after --"), "\(result.text)")
    let wrong = try standIns.call("launch/run-until-done", ["--", "--config", "missing"], in: standIns.folder.path)
    #expect(wrong.code == 64 && wrong.errors.contains("missing") && standIns.calls.isEmpty, "\(wrong.text)")
  }

  /// Everything in the name of a checkpoint counts: no wrap at 2⁶⁴, no octal 08.
  @Test func onlyStepsCount() throws {
    let standIns = try leaving("")
    let run = standIns.folder.file("run")
    for name in ["00000008", "99999999999999999999", "0x20", "1e9", "-3", "9 ", "", "７"] {
      let folder = run + "/checkpoints/step-" + name
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try "{}".write(toFile: folder + "/manifest.json", atomically: true, encoding: .utf8)
    }
    let result = try standIns.bash(". launch/environment; . launch/progress; newest_checkpoint \"$1\"", [run])
    #expect(result.output == "8\n", "\(result.text)")
  }

  // MARK: Standard input

  /// A loop around a script keeps its list.
  @Test(arguments: ["launch/local --", "launch/hosts HOSTS --", "launch/run-until-done --", "launch/slurm.sbatch"])
  func aScriptLeavesStandardInputAlone(_ call: String) throws {
    let standIns = try StandIns(["mpirun": "cat > /dev/null", "ssh": "cat > /dev/null; echo cores 2"])
    let hosts = try standIns.folder.write("hosts", "a\n")
    let line = call.replacingOccurrences(of: "HOSTS", with: "'\(hosts)'")
    let result = try standIns.bash(
      "printf '1\\n2\\n3\\n' | while read -r seed; do \(line) --out '\(standIns.folder.file("run"))' --random-state $seed; done",
      [],
      [
        "SLURM_SUBMIT_DIR": StandIns.root, "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a", "BT_DIST_LAUNCHER": "mpirun",
      ])
    let seeds = standIns.calls(of: "mpirun").compactMap(\.last)
    #expect(seeds == ["1", "2", "3"], "\(standIns.calls)\n\(result.text)")
  }

  // MARK: The end of a job

  /// A shell that has outlived its Slurm job: the launch runs to its end, with a warning.
  @Test func anEndThatIsPastEndsNothing() throws {
    let folder = try TemporaryFolder()
    let options = [
      "--data", "synthetic:12,n=48", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
      "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--lr-scheduler", "none",
      "--max-steps", "3",
      "--out", folder.file("run"),
    ]
    let result = try Launch.run(
      "bt-dist", ["train"] + options, ranks: nil, environment: ["SLURM_JOB_END_TIME": "1700000000"])
    #expect(result.code == 0, "\(result.text)")
    #expect(result.errors.contains("SLURM_JOB_END_TIME tells an end that is past"), "\(result.text)")
  }
}
