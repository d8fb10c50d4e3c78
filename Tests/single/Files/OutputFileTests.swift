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

  /// The temporary file's name is taken by a folder.
  @Test func theOldFileStaysWhenTheNewOneCannotBeWritten() throws {
    let path = try folder.write("x", Array("old".utf8))
    try folder.folder("x.partial-\(getpid())")
    expectFailure(.cannotWrite) { try OutputFile.replace(path, with: "new") }
    #expect(folder.text("x") == "old")
  }

  /// The last step, the rename, fails: what has the name is a folder.
  @Test func noTemporaryFileStaysWhenTheRenameFails() throws {
    try folder.folder("x/inner")
    expectFailure(.cannotWrite, "replace the file") { try OutputFile.replace(folder.file("x"), with: "new") }
    #expect(try files == ["x"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("x")) == ["inner"])
  }
}
