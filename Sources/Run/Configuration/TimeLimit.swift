import CommandLine

/// How long a launch may take.
public enum TimeLimit: Sendable, Equatable {
  /// What the batch system gives the job.
  case auto
  case none
  case seconds(Double)
}

extension ValueFormat<TimeLimit> {
  /// `auto`, `none`, `[DAYS-]HOURS:MINUTES:SECONDS` as Slurm writes it, `DAYS:HOURS:MINUTES:SECONDS` as Lightning does,
  /// a number with a unit (`90m`, `1.5h`), or a number of seconds, as in other options.
  static var timeLimit: Self {
    let accepts: @Sendable (String) -> TimeLimit? = {
      switch $0 {
      case "auto": .auto
      case "none": TimeLimit.none
      default: seconds($0).map { .seconds($0) }
      }
    }
    return ValueFormat(
      placeholder: "TIME", expected: "a time such as 23:50:00, 1-12:00:00, 90m or 3600 (seconds), or auto, or none",
      fromText: accepts,
      fromJSON: { value in
        if case .string(let text) = value { return accepts(text) }
        return value.double.flatMap { accepts("\($0)") }
      },
      toJSON: { limit in
        switch limit {
        case .auto: .string("auto")
        case .none: .string("none")
        case .seconds(let seconds): .string("\(shortText(seconds))s")
        }
      })
  }

  private static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    var seconds: Double?
    if let unit = text.last.flatMap({ units[$0] }), text.first?.isNumber == true {
      seconds = Double(text.dropLast()).map { $0 * unit }
    } else if text.contains(":") {
      seconds = clockTime(text)
    } else if text.first?.isNumber == true {
      seconds = Double(text)
    }
    return seconds.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
  }

  private static func clockTime(_ text: String) -> Double? {
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    var parts = halves.last?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    if halves.count == 2 { parts.insert(halves[0], at: 0) }
    // Both spellings have days and hours before minutes and seconds; "12:34" could be either.
    guard halves.count <= 2, halves.count == 1 ? (3...4).contains(parts.count) : parts.count == 4 else { return nil }
    let numbers = parts.compactMap { $0.allSatisfy(\.isNumber) ? Double($0) : nil }
    guard numbers.count == parts.count else { return nil }
    return zip(numbers.reversed(), [1, 60, 3600, 86400]).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
