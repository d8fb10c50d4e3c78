import Foundation
import TestSupport
import Testing

/// So that CI does not leave these tests out unseen.
@Test(.enabled(if: ProcessInfo.processInfo.environment["CI"] == "true" && geteuid() == 0))
func labIsInstalledInCI() {
  #expect(Lab.hasSlurm)
}

/// Hosts and cables that fail, under ranks that are started by ssh and talk by TCP.
@Suite(.serialized, .enabled(if: Lab.isAvailable, Lab.needs)) struct HostFaultTests {
  private static let both = ["lab1", "lab2"]

  @Test func twoHostsGiveTheBitsOfOne() throws {
    try Lab.with { lab in
      let run = try SmallRun(steps: 30)
      try finish(run, on: lab)
      try expectUndisturbed(
        run, fault: "none, over two hosts", by: "launch/lab mpirun", expected: "the same bits", seen: "exit 0")
    }
  }

  /// `launch/hosts`, as the article Clusters describes it; and what it says of a host that ssh does not know.
  @Test func launchHostsStartsTwoHosts() throws {
    try Lab.with { lab in
      let run = try SmallRun(steps: 30)
      func call(_ hostfile: String) throws -> LaunchResult {
        let file = try run.folder.write("hosts", hostfile)
        return try lab.run("lab1", [Lab.repository + "/launch/hosts", file, "--"] + run.arguments().dropFirst())
      }
      let refused = try call("lab1 slots=1\n127.0.0.2 slots=1\n")
      #expect(
        refused.code == 255 && refused.errors.contains("launch/hosts: 127.0.0.2 does not answer: "), "\(refused.text)")
      #expect(refused.errors.contains("accept its key: ssh 127.0.0.2"), "\(refused.text)")
      let result = try call("lab1 slots=1\nlab2 slots=1 # the other one\n")
      try #require(result.code == 0, "\(result.text)")
      #expect(result.errors.contains("launch/hosts: 2 × 1 (ranks × threads) on lab1 lab2\n"), "\(result.text)")
      try expectUndisturbed(
        run, fault: "none, over two hosts by launch/hosts", by: "launch/hosts", expected: "the same bits",
        seen: "exit 0")
    }
  }

  @Test func aHostIsSwitchedOff() throws {
    try Lab.with { lab in
      var run = try SmallRun()
      let seen = try disturb(run, on: lab) { try lab("power", "lab2", "off") }
      try goOn(&run, on: lab, only: "lab1")
      try expectUndisturbed(
        run, fault: "a host is switched off, then one host", by: "launch/lab power lab2 off", seen: seen)
    }
  }

  @Test(.enabled(if: FaultSelection.isFull))
  func aHostComesBack() throws {
    try Lab.with { lab in
      var run = try SmallRun()
      let seen = try disturb(run, on: lab) { try lab("power", "lab2", "off") }
      try goOn(&run, on: lab, only: "lab1")
      try lab("power", "lab2", "on")
      try goOn(&run, on: lab)
      try expectUndisturbed(
        run, fault: "a host is switched off, one host, it comes back, two hosts", by: "launch/lab power", seen: seen)
    }
  }

  /// The first host is the one that starts the others, and the one whose rank writes.
  @Test(.enabled(if: FaultSelection.isFull))
  func theFirstHostIsSwitchedOff() throws {
    try Lab.with { lab in
      var run = try SmallRun()
      let seen = try disturb(run, on: lab) { try lab("power", "lab1", "off") }
      try lab("power", "lab1", "on")
      try expectNoRanks(on: "lab2", of: lab)
      try goOn(&run, on: lab)
      try expectUndisturbed(run, fault: "the first host is switched off", by: "launch/lab power lab1 off", seen: seen)
    }
  }

  @Test(.enabled(if: FaultSelection.isFull))
  func aCableIsPulled() throws {
    try Lab.with { lab in
      var run = try SmallRun()
      let seen = try disturb(run, on: lab) { try lab("cable", "lab2", "out") }
      // The ranks behind the cable end as well: no rank writes into the run when it comes back.
      try expectNoRanks(on: "lab2", of: lab)
      try lab("cable", "lab2", "in")
      try goOn(&run, on: lab)
      try expectUndisturbed(run, fault: "link down, then two hosts", by: "launch/lab cable lab2 out", seen: seen)
    }
  }

  /// Shorter than mpirun's patience: the same launch continues.
  @Test(.enabled(if: FaultSelection.isFull))
  func aCableIsOutForAMoment() throws {
    try Lab.with { lab in
      let run = try SmallRun(steps: 2000)
      let launch = try lab.start(run.arguments())
      #expect(launch.wait { run.result.lines.count >= 20 }, "\(launch.errors)")
      try lab("cable", "lab2", "out")
      usleep(500_000)
      let lines = run.result.lines.count
      usleep(1_500_000)
      #expect(run.result.lines.count == lines && lines < 2000)
      try lab("cable", "lab2", "in")
      let result = try launch.finish(limit: 60)
      #expect(result.code == 0, "\(result.text)")
      try expectUndisturbed(
        run, fault: "link down for 2 s", by: "launch/lab cable lab2 out, in", expected: "goes on; the same bits",
        seen: "exit \(result.code)")
    }
  }

  // MARK: Parts

  /// Runs over both hosts until `fault`, which has to end the job within 20 s.
  ///
  /// - Returns: what was seen of it, for the table.
  private func disturb(_ run: SmallRun, on lab: Lab, by fault: () throws -> Void) throws -> String {
    var endless = run
    endless.steps = 100_000_000
    let launch = try lab.start(endless.arguments())
    #expect(launch.wait { run.result.lines.count >= 20 }, "\(launch.errors)")
    let start = ContinuousClock.now
    try fault()
    let result = try launch.finish(limit: 60)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect(result.code != 0 && seconds < 20, "after \(seconds) s: \(result.text)")
    return "exit \(result.code) after \(seconds.formatted(.number.precision(.fractionLength(0)))) s"
  }

  /// Launches again, for some steps from the newest checkpoint on.
  private func goOn(_ run: inout SmallRun, on lab: Lab, only host: String? = nil) throws {
    let last = try #require(run.result.checkpoints.last)
    run.steps = last + 6
    let result = try finish(run, on: lab, only: host)
    #expect(result.output.contains("resumed    after step \(last)"), "\(result.text)")
  }

  /// Two ranks, one on each host or both on one.
  @discardableResult
  private func finish(_ run: SmallRun, on lab: Lab, only host: String? = nil) throws -> LaunchResult {
    let result = try lab.start(run.arguments(), only: host).finish()
    try #require(result.code == 0, "\(result.text)")
    let launches = try String(contentsOfFile: run.result.path + "/launches.jsonl", encoding: .utf8)
    let hosts = (host.map { [$0] } ?? Self.both).map { "\"\($0)\"" }.joined(separator: ",")
    #expect(launches.split(separator: "\n").last?.contains("\"hosts\":[\(hosts)]") == true, "\(launches)")
    return result
  }

  /// Waits until no rank is left on a host.
  private func expectNoRanks(on host: String, of lab: Lab) throws {
    var result: LaunchResult
    let deadline = ContinuousClock.now + .seconds(20)
    repeat {
      usleep(200_000)
      result = try lab.run(host, ["sh", "-c", "grep -sxE 'bt-dist|orted' /proc/[0-9]*/comm"])
    } while !result.output.isEmpty && ContinuousClock.now < deadline
    #expect(result.output.isEmpty, "on \(host): \(result.text)")
  }

  private func expectUndisturbed(
    _ run: SmallRun, fault: String, by injected: String, expected: String = "ends within 20 s; the same bits",
    seen: String
  ) throws {
    let difference = try run.difference(from: run.undisturbed())
    #expect(difference == nil)
    FaultTable.add(
      .init(
        name: fault, injected: injected, expected: expected, seen: "\(seen); \(difference ?? "the same bits")",
        passed: difference == nil))
  }
}
