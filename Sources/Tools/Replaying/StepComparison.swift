import RunRecord

/// A replayed step next to what was recorded of it.
package struct StepComparison: Sendable {
  /// A number that should have repeated to the bit.
  package struct Number: Sendable {
    /// As in `metrics.jsonl`.
    package let key: String
    package let recorded: Double
    package let replayed: Double

    package var isSame: Bool { recorded.bitPattern == replayed.bitPattern }

    /// |replayed − recorded| as a part of |recorded|; absolute where that is 0.
    package var relativeDifference: Double {
      abs(replayed - recorded) / (recorded == 0 ? 1 : abs(recorded))
    }
  }

  package let step: Int
  /// Loss first; the order of `StepRecord.exactNumbers`.
  package let numbers: [Number]

  package init(_ record: StepRecord, recorded: [Double]) {
    step = record.step
    numbers = zip(record.exactNumbers, recorded).map { Number(key: $0.key, recorded: $1, replayed: $0.value) }
  }

  package var loss: Number { numbers[0] }
  /// The numbers whose bits differ.
  package var differences: [Number] { numbers.filter { !$0.isSame } }
}
