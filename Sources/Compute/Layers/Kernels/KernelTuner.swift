import Diagnostics
import Dispatch

/// Times the methods of a layer's directions on random numbers, once for each shape, and remembers them in a cache.
///
/// Methods run in turns, so that a busy moment of the machine hits all of them; the least time of each counts. What a
/// method needs at every step, such as a weight in another layout, is part of its time. The static rule's method is
/// replaced only by one that takes at most nine tenths of its time.
package final class KernelTuner {
  /// The share of the static rule's time that another method may take.
  static let advantage = 0.9
  /// Turns for each shape and direction, more for short ones, and seconds after which there are no more.
  private static let (turns, mostTurns, secondsOfTurns, secondsEach) = (6, 60, 0.3, 1.0)

  /// Shapes and directions that were timed, that the cache knew, or that were left to the static rule for want of time.
  package private(set) var (measured, remembered, leftOut) = (0, 0, 0)
  /// Spent on timing.
  package private(set) var seconds = 0.0
  /// Called now and then with what is being timed.
  package var report: ((String) -> Void)?
  /// Called between two measurements: what it throws ends the measuring.
  package var pause: () throws -> Void = {}
  private let limit: Double
  private var cache: any KernelTimes
  private var lastReport = 0.0

  /// - Parameter limit: seconds after which the static rule chooses.
  package init(_ cache: any KernelTimes, limit: Double = 60) { (self.cache, self.limit) = (cache, limit) }

  /// Remarks on the cache.
  package var remarks: [String] { cache.remarks }

  /// Writes what was measured to the cache's file.
  package func finish() { if measured > 0 { cache.save() } }

  /// - Parameter methods: the static rule's first.
  /// - Parameter table: what was chosen for the layer's directions before this one.
  func fastest(
    _ direction: KernelDirection, of layer: any TunableLayer, _ methods: [String], after table: KernelTable,
    input: TensorShape, _ workspace: Workspace
  ) throws -> String {
    let name = layer.parameters[0].name
    let forward = direction == .forward ? nil : table[name, .forward]
    let after = forward.map { ", forward \($0)" } ?? ""
    let key = "\(layer.sizes), input \(input.samples)×\(input) \(input.layout), \(direction.rawValue)\(after)"
    let known = cache[key]
    if methods.allSatisfy({ known[$0] != nil }) {
      remembered += 1
      return Self.choice(methods, known)
    }
    guard seconds < limit else {
      leftOut += 1
      return methods[0]
    }
    let start = monotonicSeconds()
    defer { seconds += monotonicSeconds() - start }
    if seconds - lastReport > 2 {
      report?("measuring kernels: \(name), \(direction.text); \(Int(seconds)) s so far")
      lastReport = seconds
    }
    let numbers = TrialNumbers()
    let trials = methods.map { method in
      var all = [direction: method]
      if let forward { all[.forward] = forward }
      return try? KernelTrial(layer, methods: all, input: input, numbers, like: workspace)
    }
    let times = try time(trials, direction)
    measured += 1
    cache.add(key, Dictionary(uniqueKeysWithValues: zip(methods, times)))
    return Self.choice(methods, cache[key])
  }

  /// Milliseconds of each, in turns; infinite for nil.
  private func time(_ trials: [KernelTrial?], _ direction: KernelDirection) throws -> [Double] {
    let begin = monotonicSeconds()
    var times = trials.map { _ in Double.infinity }
    for turn in 0...Self.mostTurns {
      let passed = monotonicSeconds() - begin
      guard passed < (turn > Self.turns ? Self.secondsOfTurns : Self.secondsEach) else { break }
      let best = times.min() ?? .infinity
      for (i, trial) in trials.enumerated() {
        // The first turn warms up: memory is touched for the first time. Methods far behind then drop out.
        guard let trial, turn == 0 || times[i] < (turn == 1 ? 10 : 2) * best else { continue }
        try pause()
        let start = monotonicSeconds()
        try trial.run(direction)
        times[i] = min(times[i], 1e3 * (monotonicSeconds() - start))
      }
    }
    return times
  }

  package static func choice(_ methods: [String], _ times: [String: Double]) -> String {
    let fastest = methods.min { times[$0, default: .infinity] < times[$1, default: .infinity] }!
    let isWorthIt = times[fastest, default: .infinity] < advantage * times[methods[0], default: .infinity]
    return isWorthIt ? fastest : methods[0]
  }
}
