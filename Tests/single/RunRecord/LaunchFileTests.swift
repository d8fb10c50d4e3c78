import Diagnostics
import Foundation
import RunRecord
import Testing

@Suite struct LaunchFileTests {
  private let scratch: Scratch
  private var path: String { scratch.file("launches.jsonl") }

  init() throws { scratch = try Scratch() }

  @Test func aLineHasTheseKeys() throws {
    #expect(
      try launch(from: 1).json() == """
        {"data_fingerprint":"d","date":"1970-01-01T00:00:00Z","first_step":1,"hosts":["a","b"],\
        "independent_of_ranks":true,"kernels":{"blas":"blas","mathLibrary":"glibc","oneDNN":"oneDNN","threads":1},"program_sha256":"p",\
        "ranks":4,"shards":4}
        """)
    var predicted = launch(from: 1)
    predicted.predictedMemory = 123
    #expect(
      try predicted.json().contains("\"kernels\":{") && predicted.json().contains("\"predicted_memory_bytes\":123,"))
  }

  @Test func launchesAreReadInTheirOrder() throws {
    let launches = [launch(from: 1), launch(from: 7, threads: 2)]
    for launch in launches { try LaunchFile(path: path).append(launch) }
    #expect(LaunchHistory(path: path).launches == launches)
    #expect(LaunchHistory(path: scratch.file("none")).launches == [])
  }

  @Test func aTornLineDoesNotTakeTheNextOneWithIt() throws {
    try LaunchFile(path: path).append(launch(from: 1))
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"data_fing"#.utf8))
    try LaunchFile(path: path).append(launch(from: 3))
    let history = LaunchHistory(path: path)
    #expect(history.launches == [launch(from: 1), launch(from: 3)] && history.unreadableLines == 1)
  }

  @Test func errorsNameThePath() throws {
    for path in [scratch.file("missing/launches.jsonl"), scratch.path, "/dev/full"] {
      do {
        try LaunchFile(path: path).append(launch(from: 1))
        Issue.record("no error at \(path)")
      } catch {
        let failure = try #require(error as? Failure)
        #expect(failure.kind == .cannotWrite && failure.location == path)
      }
    }
  }
}
