import Diagnostics
import Foundation
import Host
import TestSupport

/// A row of wrong inputs for one target.
///
/// `FOLDER/input` holds the one that is being read: if the process ends without a word, that one did it. Inputs that did
/// harm stay as `FOLDER/bad-INDEX`.
struct Fuzz {
  /// Seconds and bytes that an input may take.
  private static let secondsEach = 20.0
  private static let bytesEach = 1 << 30

  private let name: String
  private var target: any FuzzTarget
  private var mutator: Mutator
  private let folder: String
  private let seed: UInt64

  init(name: String, target: any FuzzTarget, seed: UInt64, folder: String) {
    self.name = name
    self.target = target
    self.seed = seed
    self.folder = folder
    mutator = Mutator(seed: seed)
  }

  /// Reads inputs in this process, which a trap or the limit of time ends. Prints what was bad, and a line at the end;
  /// gives whether all is well.
  mutating func run(_ count: Int) throws -> Bool {
    try run(count) { target, _ in
      alarm(UInt32(Self.secondsEach))
      defer { alarm(0) }
      do { try target.read() } catch { return isForUser(error) ? nil : "\(error)" }
      return nil
    }
  }

  /// Calls a program for each input: its exit code has to be one that bt-dist promises.
  mutating func run(_ count: Int, program: String) throws -> Bool {
    try run(count) { _, arguments in
      let call = Process()
      call.executableURL = URL(fileURLWithPath: program)
      call.arguments = arguments
      call.standardInput = FileHandle.nullDevice
      call.standardOutput = FileHandle.nullDevice
      call.standardError = FileHandle.nullDevice
      try call.run()
      let end = monotonicSeconds() + Self.secondsEach
      while call.isRunning, monotonicSeconds() < end { usleep(2000) }
      if call.isRunning {
        kill(call.processIdentifier, SIGKILL)
        return "still running after \(Int(Self.secondsEach)) s: \(arguments.joined(separator: " "))"
      }
      let isPromised =
        call.terminationReason == .exit && [0, 64, 65, 73, 75].contains(call.terminationStatus)
      return isPromised ? nil : "ended with \(call.terminationStatus): \(arguments.joined(separator: " "))"
    }
  }

  /// - Parameter read: gives what was bad.
  private mutating func run(_ count: Int, read: (any FuzzTarget, [String]) throws -> String?) throws -> Bool {
    var bad = 0
    var slowest = 0.0
    let before = Self.peak
    for index in 0..<count {
      let input = target.mutated(&mutator)
      try Self.write(input, to: folder + "/input")
      let arguments = try target.write(input)
      let start = monotonicSeconds()
      if let fault = try read(target, arguments) {
        bad += 1
        try Self.write(input, to: "\(folder)/bad-\(index)")
        print("\(name), input \(index) of seed \(seed): \(fault)")
      }
      // What was said is there even if the next input ends the process.
      fflush(nil)
      slowest = max(slowest, monotonicSeconds() - start)
    }
    let grown = max(0, Self.peak - before)
    print(
      "\(name): \(bad) of \(count) were bad; slowest \(Int(1e3 * slowest)) ms, \(grown >> 20) MiB more memory")
    return bad == 0 && grown < Self.bytesEach
  }

  /// The largest memory of this process and of those that it started, in bytes.
  private static var peak: Int {
    var children = rusage()
    getrusage(RUSAGE_CHILDREN.rawValue, &children)
    return max(ProcessMemory.peak ?? 0, children.ru_maxrss << 10)
  }

  static func remove(_ path: String) throws {
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
  }

  static func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}
