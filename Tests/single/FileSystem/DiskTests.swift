import Diagnostics
import FileSystem
import Foundation
import TestSupport
import Testing

/// Each failure has the reason that the system gave.
@Suite struct DiskTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func aFolderIsMadeWithThoseAboveIt() throws {
    for _ in 1...2 { try Disk.makeFolder(folder.file("a/b/c")) }
    #expect(try Disk.status(of: folder.file("a/b/c"))?.kind == .folder)
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "a")
    try Disk.makeFolder(folder.file("link/d/"))
    #expect(try Disk.names(in: folder.file("a")).sorted() == ["b", "d"])
    expectFailure(.cannotWrite, "errno \(EEXIST)") { try Disk.makeNewFolder(folder.file("link")) }
  }

  @Test func whyAFolderCannotBeMade() throws {
    try folder.write("file", "")
    for (name, target) in [("loop", "loop"), ("dangling", "nowhere/x")] {
      try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: target)
    }
    let long = String(repeating: "n", count: 256)
    let reasons = [
      ("file/a/b", ENOTDIR, "is a file"), ("file", EEXIST, "something else"), ("loop/a", ELOOP, "symbolic link"),
      ("loop", ELOOP, "symbolic link"), ("dangling", EEXIST, "something else"), (long, ENAMETOOLONG, "255 bytes"),
    ]
    for (name, code, words) in reasons {
      expectFailure(.cannotWrite, folder.path, "(errno \(code))", words) { try Disk.makeFolder(folder.file(name)) }
    }
    expectFailure(.cannotWrite, "/proc/bt-dist", "errno \(ENOENT)") { try Disk.makeFolder("/proc/bt-dist/a") }
  }

  @Test func whatIsRemovedIsGoneAndNothingBehindLinks() throws {
    try folder.folder("kept")
    try folder.write("kept/x", "x")
    try folder.folder("a/b/c")
    try folder.write("a/b/y", "y")
    try FileManager.default.createSymbolicLink(atPath: folder.file("a/link"), withDestinationPath: "../kept")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "kept")
    for name in ["a", "link", "nothing", "kept/x/y"] { try Disk.remove(folder.file(name)) }
    #expect(try Disk.names(in: folder.path) == ["kept"])
    #expect(folder.text("kept/x") == "x")
  }

  @Test func whatCannotBeReadSaysWhy() throws {
    #expect(try Disk.contentsIfThere(folder.file("nothing")) == nil)
    try folder.write("x", [UInt8](repeating: 7, count: 100_000))
    #expect(try Disk.contents(of: folder.file("x")) == Data(repeating: 7, count: 100_000))
    expectFailure(.data, "errno \(ENOENT)") { _ = try Disk.contents(of: folder.file("nothing")) }
    expectFailure(.data, "errno \(EISDIR)") { _ = try Disk.contents(of: folder.path) }
    expectFailure(.data, "errno \(ENOTDIR)") { _ = try Disk.names(in: folder.file("x")) }
    try FileManager.default.createSymbolicLink(atPath: folder.file("loop"), withDestinationPath: "loop")
    expectFailure(.data, "errno \(ELOOP)") { _ = try Disk.status(of: folder.file("loop")) }
  }

  @Test func onePathOfALinkIsThatOfItsFile() throws {
    try folder.write("x", "x")
    try folder.folder("in")
    for (name, target) in [("in/one", "../x"), ("two", "in/one"), ("new", "in/later"), ("loop", "loop")] {
      try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: target)
    }
    try FileManager.default.linkItem(atPath: folder.file("x"), toPath: folder.file("hard"))
    let identity = try #require(try Disk.status(of: folder.file("x"))?.identity)
    for name in ["in/one", "two", "hard"] { #expect(try Disk.status(of: folder.file(name))?.identity == identity) }
    #expect(try Disk.status(of: try Disk.followingLinks(folder.file("two")))?.identity == identity)
    #expect(try Disk.followingLinks(folder.file("new")).hasSuffix("/in/later"))
    expectFailure(.cannotWrite, "errno \(ELOOP)") { _ = try Disk.followingLinks(folder.file("loop")) }
  }
}
