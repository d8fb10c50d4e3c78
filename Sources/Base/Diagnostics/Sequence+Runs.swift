extension Sequence<Int> {
  /// Ascending numbers as ranges without gaps: `0, 1, 2, 5` gives `0...2, 5...5`.
  package var runs: [ClosedRange<Int>] {
    reduce(into: []) { runs, number in
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
  }
}
