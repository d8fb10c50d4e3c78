import Foundation
import TestSupport
import Testing

/// Jobs of a real Slurm with two hosts: `launch/slurm.sbatch`, `srun`, and a time limit.
@Suite(
  .serialized,
  .enabled(if: FaultSelection.isFull && Lab.hasSlurm, "needs BT_DIST_FAULTS=full and launch/lab install --slurm")
)
struct SlurmTests {
  @Test func aBatchJobWithMpirun() throws {
    try Lab.with(slurm: true) { lab in
      let run = try SmallRun(steps: 30)
      let log = try submit(Lab.repository + "/launch/slurm.sbatch", run, on: lab)
      try expectUndisturbed(run, log, fault: "none, in a Slurm job with mpirun", by: "sbatch launch/slurm.sbatch")
    }
  }

  @Test func aBatchJobWithSrun() throws {
    try Lab.with(slurm: true) { lab in
      let run = try SmallRun(steps: 30)
      let script = try run.folder.write(
        "job", "#!/bin/bash\nexec srun --mpi=pmix '\(try RankCall("bt-dist", []).path)' train \"$@\"\n")
      let log = try submit(script, run, on: lab)
      try expectUndisturbed(run, log, fault: "none, in a Slurm job with srun", by: "srun --mpi=pmix")
    }
  }

  /// Slurm warns 55 s before the limit of a minute: the run saves, is queued again, and goes on until it is done.
  @Test func aTimeLimitQueuesTheJobAgain() throws {
    try Lab.with(slurm: true) { lab in
      // As many steps as take much longer than the five seconds, whatever the machine.
      let measured = try SmallRun(steps: 100_000_000)
      let launch = try lab.start(measured.arguments())
      try #require(launch.wait { measured.result.lines.count >= 20 }, "\(launch.errors)")
      let before = measured.result.lines.count
      usleep(2_000_000)
      let stepsInTwoSeconds = measured.result.lines.count - before
      launch.send(signal: SIGUSR1)
      #expect(try launch.finish(limit: 30).code == 75)

      let run = try SmallRun(steps: stepsInTwoSeconds * 6)
      let log = try submit(
        Lab.repository + "/launch/slurm.sbatch", run, on: lab, ["--time", "1", "--signal", "B:USR1@55"])
      let interruptions = log.matches(of: /interrupted by SIGUSR1 at step (\d+) of/)
      #expect(!interruptions.isEmpty, "\(log)")
      for interruption in interruptions { #expect(log.contains("resumed    after step \(interruption.1)\n")) }
      try expectUndisturbed(
        run, log, fault: "Slurm's time limit, \(interruptions.count) times", by: "sbatch --time 1 --signal B:USR1@55",
        expected: "queued again; the same bits")
    }
  }

  // MARK: Parts

  /// Trains in a batch job of two hosts with a rank each, and waits for its end.
  ///
  /// - Returns: what the job wrote.
  private func submit(_ script: String, _ run: SmallRun, on lab: Lab, _ options: [String] = []) throws -> String {
    let log = run.folder.file("job.log")
    let job = [
      "--nodes", "2", "--ntasks-per-node", "1", "--cpus-per-task", "1", "--open-mode", "append", "--output", log,
    ]
    let arguments = Array(run.arguments().dropFirst())
    let call = ["env", "--chdir", Lab.repository, "sbatch", "--wait"] + job + options + [script] + arguments
    let submitted = try lab.run("lab1", call, limit: 300)
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    try #require(submitted.code == 0, "\(submitted.text)\n\(text)")
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
