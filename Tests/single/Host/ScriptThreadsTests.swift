import Foundation
import Testing

/// What the launch scripts make of `OMP_NUM_THREADS`: the same as `RankThreads`.
@Suite struct ScriptThreadsTests {
  private func threads(_ value: String) throws -> (code: Int32, output: String) {
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", ". launch/checked; number_in 1 7 OMP_NUM_THREADS"]
    process.currentDirectoryURL = ArchitectureTests.repository
    process.environment = ["OMP_NUM_THREADS": value]
    (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output.trimmingCharacters(in: .newlines))
  }

  @Test(arguments: [("4", "4"), ("4,2", "4"), ("4,1,1", "4"), ("", "7")])
  func numbersAndLists(value: String, threads: String) throws {
    #expect(try self.threads(value) == (0, threads))
  }

  @Test(arguments: ["four", "0", "-1", "4,", "4,0", "4,x", "4 2"])
  func whatIsNoNumberOfThreads(value: String) throws {
    #expect(try threads(value).code == 64)
  }
}
