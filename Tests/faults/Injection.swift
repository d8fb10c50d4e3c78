import Diagnostics
import Foundation
import TestSupport

/// A fault of the system's calls on one rank; see `Tests/injector/include/fault_injector.h`.
struct Injection: Sendable {
  /// The part of a path that makes a call count.
  var path: String
  var action = "none"
  /// Calls that count, such as `fsync`; empty: all.
  var calls: [String] = []
  /// The first call that gets the fault.
  var at = 1
  /// How many do; 0: all from then on.
  var count = 1
  /// The fault lasts as long as this file is there.
  var gate: String?
  var log: String?
  var clock: String?

  /// The clock of the day jumps: seconds after the start, and seconds off from then on.
  static func clock(_ jumps: [(after: Double, offset: Int)]) -> Injection {
    Injection(path: "", clock: jumps.map { "\($0.after):\($0.offset)" }.joined(separator: ","))
  }

  var environment: [String: String] {
    get throws {
      // Next to the programs, and so next to the test program.
      let products = URL(fileURLWithPath: try RankCall("bt-dist", []).path).deletingLastPathComponent().path
      let library = products + "/libfault-injector.so"
      guard FileManager.default.fileExists(atPath: library) else {
        throw Failure(.defect, "the fault injector was not built", at: library, remedy: "start with launch/test")
      }
      var all = ["LD_PRELOAD": library, "FAULT_ACTION": action, "FAULT_AT": "\(at)", "FAULT_COUNT": "\(count)"]
      if !path.isEmpty { all["FAULT_PATH"] = path }
      if !calls.isEmpty { all["FAULT_CALLS"] = calls.joined(separator: ",") }
      all["FAULT_WHILE"] = gate
      all["FAULT_LOG"] = log
      all["FAULT_CLOCK"] = clock
      return all
    }
  }
}
