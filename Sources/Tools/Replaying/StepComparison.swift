import RunRecord

/// A replayed step beside what was recorded of it.
public struct StepComparison: Sendable {
  /// A number that should have repeated to the bit.
  public struct Number: Sendable {
    /// As in `metrics.jsonl`.
    public let key: String
    public let recorded: Double
    public let replayed: Double

    public var isSame: Bool { recorded.bitPattern == replayed.bitPattern }

    /// |replayed − recorded| as a part of |recorded|; absolute where that is 0.
    public var relativeDifference: Double {
      abs(replayed - recorded) / (recorded == 0 ? 1 : abs(recorded))
    }
  }

  public let step: Int
  /// Loss first; the order of `StepRecord.exactNumbers`.
  public let numbers: [Number]

  package init(_ record: StepRecord, recorded: [Double]) {
    step = record.step
    numbers = zip(record.exactNumbers, recorded).map { Number(key: $0.key, recorded: $1, replayed: $0.value) }
  }

  public var loss: Number { numbers[0] }
  /// The numbers whose bits differ.
  public var differences: [Number] { numbers.filter { !$0.isSame } }
}
