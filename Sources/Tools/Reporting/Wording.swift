import Diagnostics
import Foundation
import RunRecord
import Training

/// Numbers and times as people read them.
package enum Wording {
  /// `0:07`, `12:34`, `1:02:03`, `3d 04:05`; `?` for what is not a number.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e10 else { return "?" }
    let total = Int(seconds.rounded())
    let (days, hours, minutes) = (total / 86400, total / 3600 % 24, total / 60 % 60)
    if days > 0 { return "\(days)d \(twoDigits(hours)):\(twoDigits(minutes))" }
    if hours > 0 { return "\(hours):\(twoDigits(minutes)):\(twoDigits(total % 60))" }
    return "\(minutes):\(twoDigits(total % 60))"
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// With `digits` significant digits, zeros at the end included so that columns stay still: `812.30`, `1.2345e+06`.
  package static func number(_ value: Double, digits: Int = 5) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
    let text = String(format: "%#.\(digits)g", value)
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  /// Samples a second: `0.52`, `8.3`, `1234`.
  package static func rate(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    return String(format: value < 1 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
  }

  package static func percent(_ fraction: Double) -> String {
    fraction.isFinite ? "\(Int((fraction * 100).rounded(.down)))%" : "?%"
  }

  package static func checkpoint(step: Int, path: String, milliseconds: Double) -> String {
    "checkpoint of step \(step) saved in \(duration(of: milliseconds)): \(path)"
  }

  package static func validation(_ record: ValidationRecord) -> String {
    let batches = record.loss.count.counted("batch", "batches")
    return "validation after step \(record.step): loss \(number(record.loss.loss)), \(batches) in "
      + duration(of: record.milliseconds)
  }

  package static func memory(predicted: Int, peak: Int) -> String {
    "memory of a rank: predicted \(SummaryText.bytes(predicted)), peak \(SummaryText.bytes(peak))"
  }

  private static func duration(of milliseconds: Double) -> String {
    String(format: milliseconds < 1000 ? "%.0f ms" : "%.1f s", milliseconds < 1000 ? milliseconds : milliseconds / 1000)
  }
}
