import FileSystem
import Files
import Foundation

/// The launches of a run, as told by its `launches.jsonl`.
package struct LaunchHistory: Sendable {
  /// In the order in which they started.
  package var launches: [LaunchRecord] = []
  package private(set) var unreadableLines = 0

  package init(_ launches: [LaunchRecord]) { self.launches = launches }

  /// Reads the file; a missing one is an empty history, and lines that are not launches are counted and skipped.
  package init(path: String) {
    let data = (try? Disk.contents(of: path)) ?? Data()
    for line in data.split(separator: UInt8(ascii: "\n")) {
      if let launch = try? JSONText.decode(LaunchRecord.self, from: Data(line)) {
        launches.append(launch)
      } else {
        unreadableLines += 1
      }
    }
  }

  /// The launch that did a step: the last one to start that began at it or before it.
  package func launch(of step: Int) -> LaunchRecord? { launches.last { $0.firstStep <= step } }

  /// The launches that did some of these steps, in the order of the steps.
  package func launches(of steps: ClosedRange<Int>) -> [LaunchRecord] {
    let starts = launches.map(\.firstStep).filter { $0 > steps.lowerBound && $0 <= steps.upperBound }
    return ([steps.lowerBound] + Set(starts).sorted()).compactMap(launch).reduce(into: []) { found, launch in
      if found.last != launch { found.append(launch) }
    }
  }
}
