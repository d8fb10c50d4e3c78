import Foundation

/// How much of the fault table runs.
enum FaultSelection {
  /// Everything, which takes minutes, as `launch/test --faults` asks for; otherwise a quick selection, as in CI.
  static let isFull = ProcessInfo.processInfo.environment["BT_DIST_FAULTS"] == "full"

  /// The seed of random moments and places. `BT_DIST_FAULT_SEED` gives another one.
  static let seed = ProcessInfo.processInfo.environment["BT_DIST_FAULT_SEED"].flatMap { UInt64($0) } ?? 6

  /// All of them, or every `stride`-th, beginning with the first, in the quick selection.
  static func of<Element>(_ all: [Element], every stride: Int) -> [Element] {
    isFull ? all : all.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
  }
}
