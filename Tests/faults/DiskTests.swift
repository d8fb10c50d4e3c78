import Foundation
import TestSupport
import Testing

/// Disks that are full, break or become read-only: training continues, and ends only when the trouble stays.
@Suite struct DiskTests {
  /// The disk under a part of the run fails from call `at` on until the warning has been printed.
  private static func passing(
    _ name: String, _ action: String, calls: [String] = [], under place: String = "", at: Int
  ) -> Fault {
    let what = calls.isEmpty ? "all calls" : calls.joined(separator: ", ")
    return Fault(
      name: name, injected: "\(action) of \(what) in RUN\(place) from call \(at) on, until the warning", codes: [0],
      words: ["warning"], resumesOn: nil
    ) { run, _ in
      let gate = try run.folder.write("fault", "")
      let launch = try run.start(
        ranks: 2, [],
        Injection(path: run.result.path + place, action: action, calls: calls, at: at, count: 0, gate: gate))
      let isWarned = launch.wait(limit: 30) { launch.errors.contains("warning") }
      unlink(gate)
      return .init(launch: try launch.finish(), problems: isWarned ? [] : ["no warning came while the fault was there"])
    }
  }

  /// The disk fails and stays so, until someone has mended it and launches again.
  private static func lasting(_ name: String, _ action: String) -> Fault {
    Fault(
      name: name, injected: "\(action) of all calls in RUN from call 150 on, --checkpoint-patience 1", codes: [73],
      words: ["warning", "remedy"]
    ) { run, _ in
      .init(
        launch: try run.finish(
          ranks: 2, ["--checkpoint-patience", "1"],
          Injection(path: run.result.path, action: action, at: 150, count: 0)))
    }
  }

  static let faults = [
    passing("disk full", "ENOSPC", at: 150),
    passing("disk full under the checkpoints", "ENOSPC", under: "/checkpoints/", at: 100),
    passing("disk full in the middle of a write", "half", calls: ["write"], under: "/checkpoints/", at: 60),
    passing("quota used up", "EDQUOT", at: 180),
    lasting("disk full for longer than the patience", "ENOSPC"),
    lasting("the folder becomes read-only", "EROFS"),
  ]

  static let broken = [
    passing("I/O error of a write", "EIO", calls: ["write"], under: "/checkpoints/", at: 60),
    passing("I/O error of fsync", "EIO", calls: ["fsync"], under: "/checkpoints/", at: 8),
    passing("I/O error of rename", "EIO", calls: ["rename"], under: "/checkpoints/", at: 2),
    passing("I/O error of open", "EIO", calls: ["open"], under: "/checkpoints/", at: 6),
    passing("I/O error of mkdir", "EIO", calls: ["mkdir"], under: "/checkpoints/", at: 2),
    passing("I/O error of close, as of NFS", "EIO", calls: ["close"], under: "/checkpoints/", at: 8),
    passing("I/O error of the metrics", "EIO", calls: ["write"], under: "/metrics.jsonl", at: 20),
  ]

  @Test(arguments: FaultSelection.of(faults, every: 4)) func fullOrReadOnly(_ fault: Fault) throws { try fault.check() }

  @Test(arguments: FaultSelection.of(broken, every: 7)) func ioErrors(_ fault: Fault) throws { try fault.check() }

  // MARK: A real file system

  /// Whether this process may mount file systems.
  static let mayMount: Bool = {
    guard FaultSelection.isFull, getuid() == 0, let folder = try? TemporaryFolder() else { return false }
    guard (try? mount(folder.path, megabytes: 1)) != nil else { return false }
    umount2(folder.path, Int32(MNT_DETACH))
    return true
  }()

  private static func mount(_ path: String, megabytes: Int) throws {
    let code = Glibc.mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m")
    if code != 0 { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }

  static let small = Fault(
    name: "a small tmpfs is full", injected: "another file fills it from step 20 on, until the warning", codes: [0],
    words: ["warning"], resumesOn: nil
  ) { run, _ in
    let launch = try run.start(ranks: 2, [], run.slowed())
    _ = launch.wait { run.result.lines.count >= 20 }
    let filler = (run.result.path as NSString).deletingLastPathComponent + "/filler"
    let file = open(filler, O_WRONLY | O_CREAT, 0o600)
    let zeros = [UInt8](repeating: 0, count: 4096)
    while write(file, zeros, zeros.count) > 0 {}
    close(file)
    let isWarned = launch.wait(limit: 30) { launch.errors.contains("warning") }
    unlink(filler)
    return .init(launch: try launch.finish(), problems: isWarned ? [] : ["no warning came while the disk was full"])
  }

  @Test(.enabled(if: mayMount)) func aSmallFileSystem() throws {
    let disk = try TemporaryFolder()
    try Self.mount(disk.path, megabytes: 4)
    defer { umount2(disk.path, Int32(MNT_DETACH)) }
    try Self.small.check { try SmallRun(out: disk.file("run")) }
  }

  // MARK: At the start

  /// The folder is what it was, to the byte.
  static let readOnly = Fault(
    name: "a read-only folder at the start", injected: "EROFS of all calls in RUN", codes: [73], words: ["remedy"]
  ) { run, _ in
    var first = run
    first.steps = 9
    try first.finish(ranks: 1)
    let before = try run.contents()
    let launch = try run.finish(ranks: 2, [], Injection(path: run.result.path, action: "EROFS", count: 0))
    return .init(launch: launch, problems: try run.contents() == before ? [] : ["the folder was changed"])
  }

  @Test func aReadOnlyFolder() throws { try Self.readOnly.check() }
}
