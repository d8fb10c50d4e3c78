import Foundation
import JSON

/// A line of `metrics.jsonl`: one JSON object of a step or of a validation after it, written here and read again for a
/// resume and a replay. A validation has `val_loss`, and a step does not.
package enum MetricsLine {
  /// The object, without a line feed at the end.
  ///
  /// Losses, rate and gradient norm have 9 significant digits, which tell any two Floats apart; times have 6. JSON has
  /// no NaN and no infinity: they become `null`. What a replay repeats to the bit is there a second time under
  /// `loss_bits` and so on, as the 16 hexadecimal digits of the Double, since 9 digits do not tell two Doubles apart.
  package static func json(_ record: StepRecord) -> String {
    let fields: [(key: String, value: String)] =
      [
        ("step", "\(record.step)"),
        ("epoch", number(record.epoch, 9)),
        ("loss", number(record.loss, 9)),
        ("loss_invariance", number(record.lossInvariance, 9)),
        ("loss_redundancy", number(record.lossRedundancy, 9)),
        ("loss_floor", number(record.lossFloor, 9)),
        ("lr", number(record.learningRate, 9)),
        ("grad_norm", number(record.gradNorm, 9)),
        ("dead_features", "\(record.deadFeatures)"),
        ("step_ms", number(record.stepMs, 6)),
        ("samples_per_second", number(record.samplesPerSecond, 6)),
        ("data_wait_ms", number(record.dataWaitMs, 6)),
        ("comm_wait_ms", number(record.commWaitMs, 6)),
        ("checkpoint_ms", number(record.checkpointMs, 6)),
        ("forward_ms", number(record.phases.forwardMs, 6)),
        ("loss_ms", number(record.phases.lossMs, 6)),
        ("backward_ms", number(record.phases.backwardMs, 6)),
        ("optimizer_ms", number(record.phases.optimizerMs, 6)),
      ]
    return object(fields, record.exactNumbers, behind: record.badStep.map(fields(of:)) ?? [])
  }

  /// Last of all, where `badStep(of:)` looks.
  private static func fields(of badStep: BadStepOutcome) -> [(String, String)] {
    switch badStep {
    case .skipped: [("bad_step", "\"skipped\"")]
    case .rolledBack(let step): [("bad_step", "\"rolled_back\""), ("rolled_back_to", "\(step)")]
    }
  }

  /// What was done about a bad step; nil for any other line.
  package static func badStep(of line: ArraySlice<UInt8>) -> BadStepOutcome? {
    // Few of a million lines are decoded.
    guard line.suffix(72).contains(Array("\"bad_step\":".utf8)), let object = object(of: line) else { return nil }
    switch object["bad_step"]?.string {
    case "skipped": return .skipped
    case "rolled_back": return object["rolled_back_to"]?.integer(Int.self).map { .rolledBack(to: $0) }
    default: return nil
    }
  }

  package static func json(_ record: ValidationRecord) -> String {
    let head = [("step", "\(record.step)"), ("epoch", number(record.epoch, 9))]
    let losses = record.exactNumbers.map { ($0.key, number($0.value, 9)) }
    let tail = [("val_batches", "\(record.loss.count)"), ("val_ms", number(record.milliseconds, 6))]
    return object(head + losses + tail, record.exactNumbers)
  }

  private static func object(
    _ fields: [(String, String)], _ exact: [(key: String, value: Double)], behind last: [(String, String)] = []
  ) -> String {
    let bits = exact.map { ("\($0.key)_bits", "\"\(hexadecimal($0.value))\"") }
    return "{" + (fields + bits + last).map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  private static func number(_ value: Double, _ digits: Int) -> String {
    value.isFinite ? String(format: "%.\(digits)g", value) : "null"
  }

  private static func hexadecimal(_ value: Double) -> String {
    let digits = String(value.bitPattern, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The numbers of a line to the bit, under the keys of `StepRecord.exactNumbers` and in their order; nil if one of
  /// them is missing, as in runs from before they were written.
  package static func exactNumbers(of line: ArraySlice<UInt8>) -> [Double]? { object(of: line).flatMap(exactNumbers) }

  /// A line as an object; nil for one that is not an object.
  package static func object(of line: ArraySlice<UInt8>) -> [String: JSONValue]? {
    guard case .object(let members)? = try? JSONValue(Array(line), .strict) else { return nil }
    return members
  }

  private static func exactNumbers(in object: [String: JSONValue]) -> [Double]? {
    let numbers = StepRecord().exactNumbers.compactMap { number -> Double? in
      guard let text = object["\(number.key)_bits"]?.string, text.utf8.count == 16 else { return nil }
      return UInt64(text, radix: 16).map(Double.init(bitPattern:))
    }
    return numbers.count == StepRecord().exactNumbers.count ? numbers : nil
  }

  /// The first number whose digits are not those of its bits, which only a change to the line can cause.
  package static func contradiction(in line: ArraySlice<UInt8>) -> (key: String, bits: String, digits: String)? {
    guard let object = object(of: line), let exact = exactNumbers(in: object) else { return nil }
    for (key, value) in zip(StepRecord().exactNumbers.map(\.key), exact) {
      let (bits, digits) = (number(value, 9), object[key]?.double)
      // What is not a number is there as null.
      if digits != Double(bits) { return (key, bits, digits.map { number($0, 9) } ?? "null") }
    }
    return nil
  }

  /// The lines of a file with their line feeds; the last one may have none.
  package static func split(_ bytes: [UInt8]) -> some Sequence<ArraySlice<UInt8>> {
    sequence(state: 0) { start -> ArraySlice<UInt8>? in
      guard start < bytes.count else { return nil }
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
      defer { start = end }
      return bytes[start..<end]
    }
  }

  /// Where a line stands in a run.
  package struct Place: Comparable {
    package let step: Int
    /// Comes after the step itself.
    package let isValidation: Bool

    /// Before the first step.
    package static let start = Place(step: 0, isValidation: true)

    package static func < (a: Place, b: Place) -> Bool {
      a.step < b.step || (a.step == b.step && !a.isValidation && b.isValidation)
    }
  }

  /// The place of a line; nil if it is not a whole JSON object with a step. A line feed at the end does not matter.
  package static func place(of line: ArraySlice<UInt8>) -> Place? {
    if let place = placeOfOwnLine(line) { return place }
    guard let object = object(of: line), let step = object["step"]?.integer(Int.self) else { return nil }
    return Place(step: step, isValidation: object["val_loss"] != nil)
  }

  /// The same for lines as `json` writes them, a hundred times as fast: a resume may read a million.
  private static func placeOfOwnLine(_ line: ArraySlice<UInt8>) -> Place? {
    let prefix = Array("{\"step\":".utf8)
    let body = line.last == UInt8(ascii: "\n") ? line.dropLast() : line
    guard body.starts(with: prefix), body.last == UInt8(ascii: "}") else { return nil }
    let rest = body.dropFirst(prefix.count)
    // No brace or control character within: not two torn lines in one, no zeros left by a crash of the host.
    guard rest.dropLast().allSatisfy({ $0 >= 0x20 && $0 < 0x7B }) else { return nil }
    let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    let comma = UInt8(ascii: ",")
    guard !digits.isEmpty, digits.count <= 18, digits.endIndex < rest.endIndex, rest[digits.endIndex] == comma else {
      return nil
    }
    // After the epoch comes the loss.
    let values = rest[digits.endIndex...].dropFirst().drop { $0 != comma }.dropFirst()
    return Place(
      step: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) },
      isValidation: values.starts(with: Array("\"val_".utf8)))
  }
}
