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
    try Lab.with(slurm: true) { lab in
      let run = try SmallRun(steps: 30)
      let log = try submit(run, on: lab, by: launcher)
      try expectUndisturbed(run, log, fault: "none, in a Slurm job with \(launcher)", by: "sbatch launch/slurm.sbatch")
    }
  }

  /// Slurm warns 55 s before the limit of a minute: the run saves, is queued again, and goes on until it is done.
  @Test(.enabled(if: FaultSelection.isFull), arguments: ["srun", "mpirun"])
  func aTimeLimitQueuesTheJobAgain(by launcher: String) throws {
    try Lab.with(slurm: true) { lab in
      // As many steps as take 40 s: Slurm looks at its clock every 30 s.
      let measured = try SmallRun(steps: 100_000_000)
      let launch = try lab.start(measured.arguments())
      try #require(launch.wait { measured.result.lines.count >= 20 }, "\(launch.errors)")
      let before = measured.result.lines.count
      usleep(2_000_000)
      let stepsInTwoSeconds = measured.result.lines.count - before
      launch.send(signal: SIGUSR1)
      #expect(try launch.finish(limit: 30).code == 75)

      let run = try SmallRun(steps: stepsInTwoSeconds * 20)
      let log = try submit(run, on: lab, by: launcher, ["--time", "1", "--signal", "B:USR1@55"])
      let interruptions = log.matches(of: /interrupted by SIGUSR1 at step (\d+) of/)
      #expect(!interruptions.isEmpty, "\(log)")
      for interruption in interruptions { #expect(log.contains("resumed    after step \(interruption.1)\n")) }
      try expectUndisturbed(
        run, log, fault: "Slurm's time limit, \(interruptions.count) times, with \(launcher)",
        by: "sbatch --time 1 --signal B:USR1@55",
        expected: "queued again; the same bits")
    }
  }

  // MARK: Parts

  /// Trains in a batch job of two hosts with a rank each, and waits for its end. srun is what the script takes by itself,
  /// since the lab's Slurm and Open MPI have PMIx.
  ///
  /// - Returns: what the job wrote.
  private func submit(
    _ run: SmallRun, on lab: Lab, by launcher: String, _ options: [String] = []
  ) throws -> String {
    let log = run.folder.file("job.log")
    let job = [
      "--nodes", "2", "--ntasks-per-node", "1", "--cpus-per-task", "1", "--open-mode", "append", "--output", log,
    ]
    let arguments = Array(run.arguments().dropFirst())
    let choice = launcher == "mpirun" ? ["BT_DIST_LAUNCHER=mpirun"] : []
    let call =
      ["env", "--chdir", Lab.repository] + choice + ["sbatch", "--wait"] + job + options
      + ["launch/slurm.sbatch", "--"] + arguments
    let submitted = try lab.run("lab1", call, limit: 300)
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    try #require(submitted.code == 0, "\(submitted.text)\n\(text)")
    let line = /job \d+, requeued 0 times: 2 × 1 \(ranks × threads\) on lab\[1-2\] by ([a-z]+)\n/
    #expect(text.firstMatch(of: line)?.1 == launcher[...], "\(text)")
    return text
  }

  private func expectUndisturbed(
    _ run: SmallRun, _ log: String, fault: String, by injected: String, expected: String = "the same bits"
  ) throws {
    let launches = try String(contentsOfFile: run.result.path + "/launches.jsonl", encoding: .utf8)
    #expect(launches.split(separator: "\n").allSatisfy { $0.contains("\"hosts\":[\"lab1\",\"lab2\"]") }, "\(launches)")
    let difference = try run.difference(from: run.undisturbed())
    #expect(difference == nil, "\(log)")
    FaultTable.add(
      .init(
        name: fault, injected: injected, expected: expected, seen: difference ?? "the same bits",
        passed: difference == nil))
  }
}
