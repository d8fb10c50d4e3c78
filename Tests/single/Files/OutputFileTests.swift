import FileSystem
import Files
import Foundation
import TestSupport
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4 and NIST's examples.
  @Test func publishedVectors() throws {
    #expect(try SHA256.hex(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(try SHA256.hex(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      try SHA256.hex(of: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      try SHA256.hex(of: String(repeating: "a", count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func piecesMakeTheSameDigest() throws {
    let bytes = randomBytes(3_000_001, seed: 1)
    let whole = try bytes.withUnsafeBytes { try SHA256.hex(of: $0) }
    let hash = try SHA256()
    for start in stride(from: 0, to: bytes.count, by: 70_001) {
      try bytes[start..<min(bytes.count, start + 70_001)].withUnsafeBytes { try hash.update($0) }
      try hash.update(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    #expect(try hash.finish() == whole)
    let folder = try TemporaryFolder()
    #expect(try SHA256.hex(ofFile: try folder.write("x", bytes)) == whole)
  }
}

@Suite struct OutputFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test func whatIsWrittenIsCountedAndHashed() throws {
    let path = try folder.write("x", [UInt8](repeating: 1, count: 100))
    let file = try OutputFile(path: path)
    try file.write("abc")
    try file.write("")
    try randomBytes(2_500_000, seed: 2).withUnsafeBytes { try file.write($0) }
    let summary = try file.finish()
    let bytes = try folder.bytes(path)
    #expect(bytes == Array("abc".utf8) + randomBytes(2_500_000, seed: 2))
    #expect(summary.bytes == bytes.count)
    #expect(try SHA256.hex(ofFile: path) == summary.sha256)
    expectFailure(.defect, "closed") { try file.write("d") }
    expectFailure(.defect, "closed") { _ = try file.finish() }
  }

  @Test func aFullDiskIsAnError() throws {
    let file = try OutputFile(path: "/dev/full")
    expectFailure(.cannotWrite, "/dev/full", "errno \(ENOSPC)", "free some space") { try file.write("x") }
  }

  @Test func aPathThatCannotBeCreatedIsAnError() {
    expectFailure(.cannotWrite, "errno \(ENOENT)") { _ = try OutputFile(path: folder.file("missing/x")) }
    expectFailure(.cannotWrite, "errno \(EISDIR)") { _ = try OutputFile(path: folder.path) }
  }

  @Test func replacingIsWholeAndLeavesNothingBehind() throws {
    let path = try folder.write("x", Array("a long old text".utf8))
    try OutputFile.replace(path, with: "new")
    #expect(folder.text("x") == "new")
    try OutputFile.replace(folder.file("y"), with: "first")
    #expect(folder.text("y") == "first")
    #expect(try files == ["x", "y"])
  }

  /// Whatever ends the writing: nothing of it is seen before `finish`, and nothing stays without it.
  @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
    let path = try folder.write("x", Array("old".utf8))
    func begin() throws -> OutputFile {
      let file = try OutputFile(path: path)
      try file.write("new")
      return file
    }
    do {
      let file = try begin()
      #expect(folder.text("x") == "old" && file.bytes == 3)
    }
    #expect(try files == ["x"] && folder.text("x") == "old")
    _ = try begin().finish()
    #expect(try files == ["x"] && folder.text("x") == "new")
  }

  @Test func aLinkStaysAndWhatItStandsForIsReplaced() throws {
    try folder.folder("in")
    try folder.write("in/x", Array("old".utf8))
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "in/x")
    chmod(folder.file("in/x"), 0o640)
    let file = try OutputFile(path: folder.file("link"))
    try file.write("new")
    _ = try file.finish()
    #expect(folder.text("in/x") == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link")) == "in/x")
    #expect(try Disk.status(of: folder.file("in/x"))?.permissions == 0o640)
    // A name of our own is not given away.
    try OutputFile.replace(folder.file("link"), with: "own")
    #expect(folder.text("in/x") == "new" && folder.text("link") == "own")
  }

  @Test func devicesAndPipesAreWrittenDirectly() throws {
    let null = try OutputFile(path: "/dev/null")
    try null.write("x")
    #expect(try null.finish().bytes == 1)
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    // Opened for both, a pipe waits for no one.
    let reader = open(folder.file("pipe"), O_RDWR)
    defer { close(reader) }
    let pipe = try OutputFile(path: folder.file("pipe"))
    try pipe.write("text")
    _ = try pipe.finish()
    var bytes = [UInt8](repeating: 0, count: 4)
    #expect(read(reader, &bytes, 4) == 4 && bytes == Array("text".utf8))
    #expect(try files == ["pipe"])
  }

  /// A living process holds its temporary file; a name that is not ours is left alone.
  @Test func whatKilledProcessesLeftIsSwept() throws {
    let living = try OutputFile(path: folder.file("y"))
    try folder.write(".bt-dist-12ab.partial", "left")
    try folder.write(".bt-dist-other.partial", "not ours")
    let file = try OutputFile(path: folder.file("x"))
    #expect(try files.count == 3)
    _ = try file.finish()
    _ = try living.finish()
    #expect(try files == [".bt-dist-other.partial", "x", "y"])
  }

  /// Nobody can have put a file or a link there beforehand.
  @Test func temporaryNamesCannotBeGuessed() throws {
    let names = try (1...2).map { _ in
      let file = try OutputFile(owned: folder.file("x"))
      return try withExtendedLifetime(file) { try files }
    }
    #expect(names[0].count == 1 && names[1].count == 1 && names[0] != names[1])
    try FileManager.default.createSymbolicLink(atPath: folder.file("new"), withDestinationPath: "elsewhere")
    expectFailure(.cannotWrite, "errno \(EEXIST)") { _ = try OutputFile(new: folder.file("new")) }
    #expect(try files == ["new"])
  }

  @Test func anInputIsRefusedByAnyName() throws {
    let input = try folder.write("x", "x")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "x")
    try FileManager.default.linkItem(atPath: input, toPath: folder.file("hard"))
    try folder.write("other", "x")
    let inputs = InputFiles([input, folder.file("missing"), "/dev/null"])
    for name in ["x", "./x", "link", "hard"] {
      expectFailure(.usage, "destroy", "remedy") { try inputs.refuse(folder.file(name)) }
    }
    for path in [folder.file("other"), folder.file("missing"), "/dev/null"] { try inputs.refuse(path) }
  }

  /// Known before anything is written.
  @Test func aFolderIsNotReplaced() throws {
    try folder.folder("x/inner")
    expectFailure(.cannotWrite, "errno \(EISDIR)") { try OutputFile.replace(folder.file("x"), with: "new") }
    #expect(try files == ["x"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("x")) == ["inner"])
  }
}
