import Foundation
import TestSupport
import Testing

/// What a program waits for ends at a signal, and soon.
@Suite struct WaitingTests {
  private static let options = [
    "--data", "synthetic:20,n=200", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "8", "--batch-size", "32", "--lr-scheduler", "none",
    "--warmup-epochs", "0", "--autotune", "off",
  ]

  private static func hasOpen(_ path: String, _ launch: Launch) -> Bool {
    let files = "/proc/\(launch.identifier)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: files)) ?? []
    return names.contains { (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(files)/\($0)")) == path }
  }

  @Test func aConfigurationFromAPipeIsWaitedForUntilASignal() throws {
    let folder = try TemporaryFolder()
    let pipe = (folder.path as NSString).resolvingSymlinksInPath + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let launch = try Launch("bt-dist", ["train", "--out", folder.file("run"), "--config", pipe], ranks: nil)
    #expect(launch.wait(limit: 20) { Self.hasOpen(pipe, launch) })
    // A signal between opening and waiting would be the next one's.
    while launch.isRunning {
      launch.send(signal: SIGTERM)
      usleep(50_000)
    }
    let result = try launch.finish(limit: 5)
    #expect(result.code == 75 && result.errors.contains("configuration"), "\(result.text)")
  }

  @Test func aConfigurationMayComeThroughAPipe() throws {
    let folder = try TemporaryFolder()
    let program = try RankCall("bt-dist", []).path
    let options = Self.options.joined(separator: " ")
    for (name, source) in [("a", "--config <(sleep 0.2; echo '{\"max-steps\": 2}')"), ("b", "--config /dev/stdin")] {
      let run = folder.file(name)
      let result = try Launch.run(
        "/bin/bash",
        ["-c", "echo '{\"max-steps\": 2}' | \(program) train --out \(run) \(options) \(source)"], ranks: nil)
      #expect(result.code == 0 && RunResult(run).lines.count == 2, "\(result.text)")
    }
  }

  /// Pipes and devices where a file is read whole are an error at once.
  @Test func otherFilesAreRegular() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.file("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let run = folder.file("run")
    let start = ["train", "--out", run, "--max-steps", "2"] + Self.options
    let table = try Launch.run("bt-dist", start + ["--kernel-table", pipe], ranks: nil, limit: 20)
    #expect(table.code == 64, "\(table.text)")
    #expect(try Launch.run("bt-dist", start, ranks: nil).code == 0)
    for name in ["launches.jsonl", "metrics.jsonl", "config.json"] {
      try FileManager.default.removeItem(atPath: run + "/" + name)
      try #require(mkfifo(run + "/" + name, 0o600) == 0)
      let result = try Launch.run("bt-dist", ["replay", "--from", run], ranks: nil, limit: 20)
      #expect([0, 65].contains(result.code), "\(name): \(result.text)")
    }
    let endless = try Launch.run("bt-dist", start + ["--config", "/dev/zero"], ranks: nil, limit: 20)
    #expect(endless.code == 64 && endless.errors.contains("MiB"), "\(endless.text)")
  }

  @Test(arguments: [["--shards", "1000000000000"], ["--shards", "9223372036854775807"], ["--config", "FILE"]])
  func tooManyShardsAreRefusedAtOnce(_ option: [String]) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("c.json", #"{"shards": 1000000000000}"#)
    let result = try Launch.run(
      "bt-dist", ["train", "--out", folder.file("run")] + Self.options + option.map { $0 == "FILE" ? file : $0 },
      ranks: nil, limit: 20)
    #expect(result.code == 64 && result.errors.contains("shards"), "\(result.text)")
  }

  /// The run has no step to save yet; what was measured is kept for the next launch.
  @Test func measuringKernelsHeedsSignals() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "train", "--out", folder.file("run"), "--data", "synthetic:3x64x64,n=64", "--encoder", "resnet18", "--augment",
      "noise=0.1", "--batch-size", "64", "--max-steps", "2", "--warmup-epochs", "0", "--lr-scheduler", "none",
    ]
    let launch = try Launch("bt-dist", arguments, ranks: nil, environment: ["BT_DIST_CACHE": folder.path])
    try #require(launch.wait(limit: 60) { launch.errors.contains("measuring kernels") }, "\(launch.errors)")
    launch.send(signal: SIGUSR1)
    let result = try launch.finish(limit: 10)
    #expect(result.code == 75, "\(result.text)")
    #expect(result.errors.contains("interrupted by SIGUSR1 while kernels were measured"), "\(result.text)")
    #expect(folder.text("kernels.json").contains("forward"))
    #expect(!folder.text("run/config.json").contains("\"forward\""))
  }

  /// mpirun answers ^C with SIGTERM to its ranks.
  @Test func aTermOfTheLauncherIsCalledSo() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try Launch(
      "bt-dist", ["train", "--out", run.path, "--max-steps", "100000000"] + Self.options, ranks: 2,
      environment: ["OMPI_MCA_odls_base_sigkill_timeout": "5"])
    #expect(launch.wait { run.lines.count > 10 })
    launch.send(signal: SIGINT)
    let result = try launch.finish(limit: 30)
    #expect(result.code == 1 && !run.checkpoints.isEmpty, "\(result.text)")
    // mpirun may no longer pass on what its ranks say.
    let says = result.output.contains("interrupted by")
    #expect(!says || result.output.contains("interrupted by SIGTERM of its launcher"), "\(result.text)")
  }
}
