import Foundation
import TestSupport
import Testing

/// What commands write: whole or not at all, and never onto what they read.
@Suite struct OutputTests {
  /// A run, and data.
  private final class Material: Sendable {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try folder.npy("x.npy", [40, 20], (0..<800).map { Float($0 % 7) })
      try folder.npy("a,b.npy", [40, 20], (0..<800).map { Float($0 % 5) })
      let labels = (0..<40).map { Int32($0 % 3) }
      try folder.npy("y.npy", [40], descr: "<i4", bytes: labels.withUnsafeBytes(Array.init))
      let result = try Launch.run("bt-dist", RefusedFolderTests.call + ["--out", folder.file("run")], ranks: nil)
      try #require(result.code == 0, "\(result.text)")
    }

    func embed(_ data: String, _ out: String) throws -> LaunchResult {
      try Launch.run(
        "bt-dist", ["embed", "--from", folder.file("run"), "--data", data, "--out", out], ranks: nil)
    }
  }

  private static let material = Result { try Material() }

  @Test func anInputIsNotOverwritten() throws {
    let folder = try Self.material.get().folder
    let (x, y) = (folder.file("x.npy"), folder.file("y.npy"))
    try FileManager.default.createSymbolicLink(atPath: folder.file("soft.npy"), withDestinationPath: "x.npy")
    try FileManager.default.linkItem(atPath: x, toPath: folder.file("hard.npy"))
    let before = try [x, y].map(readBytes)
    let model = RunResult(folder.file("run")).checkpoint(2) + "/model.safetensors"
    let weights = try readBytes(model)
    for out in [x, folder.file("soft.npy"), folder.file("hard.npy"), y, folder.file("run/config.json"), model] {
      let result = try Self.material.get().embed("npy:\(x),\(y)", out)
      #expect(result.code == 64 && result.errors.contains("remedy:"), "\(out): \(result.text)")
    }
    let export = ["export", "--from", folder.file("run"), "--overwrite", "--out", model]
    #expect(try Launch.run("bt-dist", export, ranks: nil).code == 64)
    #expect(try [x, y].map(readBytes) == before)
    #expect(try readBytes(model) == weights)
  }

  @Test func theConfigurationOfABenchmarkIsNotOverwritten() throws {
    let folder = try TemporaryFolder()
    let text = #"{encoder: "mlp"}"#
    let path = try folder.write("a.json5", text)
    let result = try Launch.run("bt-dist", ["bench", "--config", path, "--json", path], ranks: nil)
    #expect(result.code == 64 && result.errors.contains("--json"), "\(result.text)")
    #expect(folder.text("a.json5") == text)
    // A benchmark that cannot begin leaves the old results.
    let old = try folder.write("old.json", "old")
    let bad = try Launch.run("bt-dist", ["bench", "--data", "npy:/no.npy", "--json", old], ranks: nil)
    #expect(bad.code == 65 && folder.text("old.json") == "old", "\(bad.text)")
  }

  @Test func devicesAndPipesTakeFeatures() throws {
    let material = try Self.material.get()
    let (data, folder) = ("npy:\(material.folder.file("x.npy"))", try TemporaryFolder())
    #expect(try material.embed(data, "/dev/null").code == 0)
    #expect(try material.embed(data, folder.file("f.npy")).code == 0)
    // Standard output is a file here, and holds the array alone.
    let printed = try material.embed(data, "/dev/stdout")
    #expect(printed.code == 0 && printed.output.hasPrefix("\u{FFFD}NUMPY") && !printed.output.contains("×"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["f.npy"])
  }

  @Test func aFailureLeavesTheOldFileAndNothingElse() throws {
    let material = try Self.material.get()
    let folder = try TemporaryFolder()
    let old = try folder.write("old.npy", "old")
    // The last sample is bad.
    let floats = (0..<4000).map { $0 == 3999 ? Float.nan : Float($0 % 7) }
    try folder.npy("bad.npy", [200, 20], floats)
    let result = try material.embed("npy:\(folder.file("bad.npy"))", old)
    #expect(result.code == 65, "\(result.text)")
    #expect(folder.text("old.npy") == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["bad.npy", "old.npy"])
  }

  @Test func pathsMeanWhatTheySay() throws {
    let material = try Self.material.get()
    let folder = material.folder
    let comma = folder.file("a\\,b.npy")
    #expect(try material.embed("npy:\(comma)", folder.file("c.npy")).code == 0)
    #expect(try material.embed("npy:\(folder.file("a,b.npy"))", folder.file("d.npy")).code == 65)
    for (data, out) in [("npy:~/x.npy", "e.npy"), ("npy:\(comma)", "~/e.npy")] {
      let result = try material.embed(data, out)
      #expect(result.code == 64 && result.errors.contains("$HOME"), "\(result.text)")
    }
    let train = try Launch.run("bt-dist", RefusedFolderTests.call + ["--out", "~/run"], ranks: nil)
    #expect(train.code == 64 && train.errors.contains("$HOME"), "\(train.text)")
  }

  /// As a text, such a name would be that of another folder.
  @Test func namesThatAreNotUTF8AreRefused() throws {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments =
      [
        "-c", #"exec "$0" "$@" --out $'run\xff' 2> errors"#, try RankCall("bt-dist", []).path,
      ] + RefusedFolderTests.call
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 64 && folder.text("errors").contains("not UTF-8"), "\(folder.text("errors"))")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["errors"])
  }

  /// What killed launches have left in a run is gone at the next start.
  @Test func leftoversOfARunAreSwept() throws {
    let folder = try TemporaryFolder()
    try folder.folder("run/checkpoints/.step-00000007.partial")
    try folder.write("run/checkpoints/.step-00000007.partial/model.safetensors", "half")
    let names = ["config.json.partial-123", "checkpoints/best.json.partial-4", ".bt-dist-1f.partial"]
    for name in names { try folder.write("run/\(name)", "half") }
    try folder.write("run/mine.partial-12", "the user's")
    let result = try Launch.run("bt-dist", RefusedFolderTests.call + ["--out", folder.file("run")], ranks: nil)
    #expect(result.code == 0, "\(result.text)")
    let left = try FileManager.default.subpathsOfDirectory(atPath: folder.file("run")).filter { $0.contains("partial") }
    #expect(left == ["mine.partial-12"])
  }

  @Test(arguments: [".lock", "metrics.jsonl", "launches.jsonl"]) func linksInARunAreNotFollowed(name: String) throws {
    let folder = try TemporaryFolder()
    try folder.folder("run")
    let outside = try folder.write("outside", "")
    try FileManager.default.createSymbolicLink(atPath: folder.file("run/\(name)"), withDestinationPath: outside)
    let result = try Launch.run("bt-dist", RefusedFolderTests.call + ["--out", folder.file("run")], ranks: nil)
    #expect(result.code == 73 && result.errors.contains("symbolic link"), "\(result.text)")
    #expect(folder.text("outside") == "")
  }
}
