import Foundation
import TestSupport
import Testing

/// A row of the fault table: a real fault on real ranks, and what must come of it.
struct Fault: Sendable, CustomTestStringConvertible {
  let name: String
  /// How it is brought about.
  let injected: String
  /// Exit codes that the disturbed launch may have.
  let codes: Set<Int32>
  /// What it must say, on either stream.
  var words: [String] = []
  /// How often, in the quick selection and in full.
  var times = (quick: 1, full: 1)
  /// Ranks of the launch that resumes; nil: it is not needed, as the disturbed one trains to the end.
  var resumesOn: Int? = 2
  /// Whether a resumed run is equal to rounding only.
  var isRounded = false
  /// Begins a run, does the fault to it and waits for the end.
  let disturb: @Sendable (SmallRun, inout SeededGenerator) throws -> Outcome

  /// How a disturbed launch ended.
  struct Outcome: Sendable {
    var launch: LaunchResult
    /// For the table: where the fault struck.
    var place = ""
    /// What went wrong apart from codes and words.
    var problems: [String] = []
  }

  var testDescription: String { name }

  /// Does it, resumes, compares with the undisturbed run, and adds the row to the table.
  func check(_ make: () throws -> SmallRun = { try SmallRun() }) throws {
    let repeats = FaultSelection.isFull ? times.full : times.quick
    var outcomes: [Outcome] = []
    var problems: [String] = []
    for index in 0..<repeats {
      let run = try make()
      var random = SeededGenerator(FaultSelection.seed &+ UInt64(index) &* 1_000_003)
      let outcome = try disturb(run, &random)
      outcomes.append(outcome)
      let found = try outcome.problems + self.problems(run, outcome.launch)
      if !found.isEmpty {
        problems += found
        Issue.record("\(name), time \(index + 1), seed \(FaultSelection.seed): \(found)\n\(outcome.launch.text)")
      }
    }
    add(outcomes, problems)
  }

  private func problems(_ run: SmallRun, _ launch: LaunchResult) throws -> [String] {
    var problems: [String] = []
    if !codes.contains(launch.code) { problems.append("exit \(launch.code)") }
    for word in words where !launch.text.contains(word) { problems.append("does not say '\(word)'") }
    if !run.ranksAreGone() { problems.append("ranks were left running") }
    if let ranks = resumesOn {
      let resumed = try run.finish(ranks: ranks)
      if resumed.code != 0 { return problems + ["the resumed run: \(resumed.text)"] }
    }
    let undisturbed = try run.undisturbed()
    if let difference = try isRounded ? run.largeDifference(from: undisturbed) : run.difference(from: undisturbed) {
      problems.append(difference)
    }
    return problems
  }

  private func add(_ outcomes: [Outcome], _ problems: [String]) {
    let kept = isRounded ? "equal to rounding" : "same bits"
    var expected = "exit " + codes.sorted().map { "\($0)" }.joined(separator: " or ")
    if !words.isEmpty { expected += ", says " + words.map { "“\($0)”" }.joined(separator: ", ") }
    var seen = outcomes.count > 1 ? "\(outcomes.count) times: " : ""
    seen += Self.counts(outcomes.map { "exit \($0.launch.code)" })
    let places = outcomes.map(\.place).filter { !$0.isEmpty }
    if !places.isEmpty { seen += " (" + Self.counts(places) + ")" }
    let end = problems.isEmpty ? kept : String(problems.joined(separator: "; ").prefix(300))
    FaultTable.add(
      .init(
        name: name, injected: injected, expected: "\(expected); \(kept)", seen: "\(seen); \(end)",
        passed: problems.isEmpty))
  }

  /// `a ×3, b`.
  static func counts(_ words: [String]) -> String {
    var order: [String] = []
    for word in words where !order.contains(word) { order.append(word) }
    return order.map { word in
      let count = words.count { $0 == word }
      return count == 1 ? word : "\(word) ×\(count)"
    }.joined(separator: ", ")
  }
}

extension SmallRun {
  /// In words, where losses differ by more than rounding does; nil if they do not.
  func largeDifference(from undisturbed: SmallRun) throws -> String? {
    let (found, expected) = (try result.losses, try undisturbed.result.losses)
    guard found.count == expected.count else { return "\(found.count) steps, not \(expected.count)" }
    let order = try result.order()
    guard order == (1...steps).map({ "s\($0)" }) else { return "steps are not there once each" }
    let worst = zip(found, expected).map { abs($0 / $1 - 1) }.max() ?? 0
    return worst < 1e-3 ? nil : "losses differ by \(worst)"
  }
}
