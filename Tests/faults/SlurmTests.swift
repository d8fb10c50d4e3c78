import Foundation
import TestSupport
import Testing

/// Jobs of a real Slurm with two hosts: `launch/slurm.sbatch`, `srun`, and a time limit.
@Suite(
  .serialized,
  .enabled(if: Lab.hasSlurm, "needs root and launch/lab install --slurm")
)
struct SlurmTests {
  @Test(arguments: ["srun", "mpirun"]) func aBatchJob(by launcher: String) throws {
    try Lab.withSlurm { lab in
      let run = try SmallRun(steps: 30)
      let log = try submit(run, on: lab, by: launcher, train: run.arguments())
      try expectUndisturbed(
        run, log, launches: 1, fault: "none, in a Slurm job with \(launcher)", by: "sbatch launch/slurm.sbatch")
    }
  }

  /// Slurm warns 55 s before the limit of a minute, when it next looks at its clock, as it does every 30 s: the run saves,
  /// is queued again, and resumes until it is done.
  ///
  /// The first launch has no end. The next ones find one in the file of their options, a few steps after the interruption.
  @Test(arguments: FaultSelection.of(["srun", "mpirun"], every: 2))
  func aTimeLimitQueuesTheJobAgain(by launcher: String) throws {
    try Lab.withSlurm { lab in
      var run = try SmallRun(steps: 100_000_000)
      let file = try run.folder.write("run.json5", "{max_steps: \(run.steps)}")
      var isEndless = true
      let log = try submit(
        run, on: lab, by: launcher, ["--time", "1", "--signal", "B:USR1@55"],
        // Slow steps: the undisturbed run, of as many, is a matter of a second.
        environment: run.slowed(by: 10).environment,
        train: ["train", "--config", file, "--out", run.result.path] + run.options
      ) { log in
        guard isEndless, let interruption = log.firstMatch(of: Self.interruption) else { return }
        isEndless = false
        run.steps = try #require(Int(interruption.1)) + 6
        _ = try run.folder.write("run.json5", "{max_steps: \(run.steps)}")
      }
      let interruptions = log.matches(of: Self.interruption)
      #expect(!interruptions.isEmpty, "\(log)")
      for interruption in interruptions { #expect(log.contains("resumed    after step \(interruption.1)\n"), "\(log)") }
      #expect(log.contains("exit code 75: requeueing job") && log.contains(", requeued 1 times: "), "\(log)")
      try expectUndisturbed(
        run, log, launches: interruptions.count + 1,
        fault: "Slurm's time limit, \(interruptions.count) times, with \(launcher)",
        by: "sbatch --time 1 --signal B:USR1@55",
        expected: "queued again; the same bits")
    }
  }

  // MARK: Parts

  private static var interruption: Regex<(Substring, Substring)> { /interrupted by SIGUSR1 at step (\d+) of/ }

  /// Trains in a batch job of two hosts with a rank each, and waits for its end. srun is what the script takes by itself,
  /// since the lab's Slurm and Open MPI have PMIx.
  ///
  /// - Parameter watch: gets what the job has written so far, again and again.
  /// - Returns: what the job wrote.
  private func submit(
    _ run: SmallRun, on lab: Lab, by launcher: String, _ options: [String] = [], environment: [String: String] = [:],
    train: [String], watch: (String) throws -> Void = { _ in }
  ) throws -> String {
    let output = run.folder.file("job.log")
    let job = [
      "--nodes", "2", "--ntasks-per-node", "1", "--cpus-per-task", "1", "--open-mode", "append", "--output", output,
    ]
    let choice = launcher == "mpirun" ? ["BT_DIST_LAUNCHER=mpirun"] : []
    let call =
      ["env", "--chdir", Lab.repository] + choice + environment.map { "\($0.key)=\($0.value)" }
      + ["sbatch", "--parsable"] + job + options + ["launch/slurm.sbatch", "--"] + train.dropFirst()
    let submitted = try lab.run("lab1", call)
    try #require(submitted.code == 0, "\(submitted.text)")
    let number = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
    // Does nothing to a job that has ended.
    defer { _ = try? lab.run("lab1", ["scancel", "--quiet", number]) }

    func log() -> String { run.folder.text("job.log") }
    // `sbatch --wait` would look after 2 s, then after 8 s more, then after 32 s.
    var state = ""
    let ended = /JobState=(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)\b/
    let deadline = ContinuousClock.now + .seconds(200)
    repeat {
      usleep(100_000)
      try watch(log())
      state = try lab.run("lab1", ["scontrol", "--oneliner", "show", "job", number]).output
    } while !state.contains(ended) && ContinuousClock.now < deadline
    try #require(state.contains(" JobState=COMPLETED ") && state.contains(" ExitCode=0:0 "), "\(state)\n\(log())")
    let line = /job \d+, requeued 0 times: 2 × 1 \(ranks × threads\) on lab\[1-2\] by ([a-z]+)\n/
    #expect(log().firstMatch(of: line)?.1 == launcher[...], "\(log())")
    return log()
  }

  /// Every launch was on both hosts, and the result is that of a run of one rank on this machine, to the bit.
  private func expectUndisturbed(
    _ run: SmallRun, _ log: String, launches count: Int, fault: String, by injected: String,
    expected: String = "the same bits"
  ) throws {
    let launches = run.folder.text("run/launches.jsonl").split(separator: "\n")
    #expect(launches.count == count, "\(launches)")
    #expect(launches.allSatisfy { $0.contains("\"hosts\":[\"lab1\",\"lab2\"]") }, "\(launches)")
    let difference = try run.difference(from: run.undisturbed())
    #expect(difference == nil, "\(log)")
    FaultTable.add(
      .init(
        name: fault, injected: injected, expected: expected, seen: difference ?? "the same bits",
        passed: difference == nil))
  }
}
