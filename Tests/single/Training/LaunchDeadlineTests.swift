import Configuration
import Diagnostics
import Testing
import Training

@Suite struct LaunchDeadlineTests {
  /// Seconds from now to the end.
  private func left(_ limit: TimeLimit, _ environment: [String: String] = [:], uptime: Double = 0) -> Double? {
    LaunchDeadline(limit, environment: environment, now: 1_000_000, uptime: uptime).end.map { $0 - monotonicSeconds() }
  }

  private func isNear(_ value: Double?, _ expected: Double) -> Bool { value.map { abs($0 - expected) < 1 } ?? false }

  @Test func aLimitCountsFromTheStartOfTheProcess() {
    #expect(isNear(left(.seconds(100), uptime: 30), 70))
    #expect(left(.none, ["SLURM_JOB_END_TIME": "1000100"]) == nil)
    #expect(ProcessStart.secondsAgo > 0 && ProcessStart.secondsAgo < 36_000)
  }

  /// Twenty seconds are left for launcher and batch script.
  @Test func theBatchSystemTellsTheEnd() {
    #expect(isNear(left(.auto, ["SLURM_JOB_END_TIME": "1000100"]), 80))
    #expect(isNear(left(.auto, ["PBS_WALLTIME": "3600"], uptime: 10), 3570))
    #expect(left(.auto) == nil && LaunchDeadline(.auto, environment: [:], now: 0, uptime: 0).remark == nil)
  }

  /// In a shell that has outlived its job, say. Every launch would end at once, and the next one too.
  @Test(arguments: [
    ("SLURM_JOB_END_TIME", "999999"), ("SLURM_JOB_END_TIME", "0"), ("SLURM_JOB_END_TIME", "-1e300"),
    ("SLURM_JOB_END_TIME", "nan"), ("SLURM_JOB_END_TIME", "1e999"), ("SLURM_JOB_END_TIME", "NOT_SET"),
    ("PBS_WALLTIME", "0"), ("PBS_WALLTIME", "-3600"), ("PBS_WALLTIME", "1:00:00"),
  ])
  func anEndThatCannotBeTrueIsLeftOut(_ variable: String, _ value: String) throws {
    let deadline = LaunchDeadline(.auto, environment: [variable: value], now: 1_000_000, uptime: 5)
    #expect(deadline.end == nil)
    #expect(try #require(deadline.remark).hasPrefix(variable))
    #expect(LaunchDeadline(.seconds(9), environment: [variable: value], now: 1_000_000, uptime: 5).remark == nil)
  }

  @Test func aStepAndACheckpointMustStillFit() {
    var deadline = LaunchDeadline(.seconds(1000), environment: [:], now: 0, uptime: 0)
    let now = monotonicSeconds()
    #expect(!deadline.isUp(at: now + 2000, secondsToSave: 1), "a launch without a step gets no further")
    deadline.stepTook(0)
    #expect(!deadline.isUp(at: now, secondsToSave: 1) && deadline.isUp(at: now + 999, secondsToSave: 1))
    deadline.stepTook(100)
    #expect(deadline.isUp(at: now + 900, secondsToSave: 1) && !deadline.isUp(at: now + 800, secondsToSave: 1))
    // A slow first step is forgotten.
    for _ in 0..<400 { deadline.stepTook(1) }
    #expect(!deadline.isUp(at: now + 900, secondsToSave: 1))
    #expect(!LaunchDeadline(.none).isUp(secondsToSave: 1e9))
  }
}
