import Evaluation
import Tensors
import TestSupport
import Testing

@Suite(.commandLine) struct NearestNeighboursTests {
  /// Rows with four entries of ±1, all others 0: of length 2, so that all similarities are exact multiples of ¼, and
  /// many are equal.
  private func rows(_ count: Int, features: Int, seed: UInt64) -> [Float] {
    var random = PhiloxStream(seed: seed, purpose: .evaluation)
    return (0..<count).flatMap { _ in
      var row = [Float](repeating: 0, count: features)
      while row.filter({ $0 != 0 }).count < 4 { row[random.integer(below: features)] = random.bernoulli(0.5) ? 1 : -1 }
      return row
    }
  }

  private func labels(_ count: Int, classes: Int, seed: UInt64) -> [Int32] {
    var random = PhiloxStream(seed: seed, purpose: .evaluation, sample: 1)
    return (0..<count).map { _ in Int32(random.integer(below: classes)) }
  }

  /// Sorts all training samples by similarity and place, and lets the first k vote.
  private func predict(_ test: ArraySlice<Float>, _ train: [Float], _ labels: [Int32], k: Int) -> Int32 {
    let features = test.count
    func length(_ x: ArraySlice<Float>) -> Double { x.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    let similarities = labels.indices.map { i in
      let row = train[i * features..<(i + 1) * features]
      return zip(row, test).reduce(0) { $0 + Double($1.0) * Double($1.1) } / (length(row) * length(test))
    }
    let order = labels.indices.sorted { (-similarities[$0], $0) < (-similarities[$1], $1) }.prefix(k)
    let votes = Dictionary(grouping: order) { labels[$0] }.mapValues(\.count)
    return labels[order.first { votes[labels[$0]] == votes.values.max() }!]
  }

  @Test(arguments: [1, 2, 3, 5, 10, 20, 57]) func agreesWithSortingEverything(k: Int) throws {
    // More test rows than are held at a time.
    let (features, classes) = (9, 4)
    let (train, test) = (rows(57, features: features, seed: 1), rows(300, features: features, seed: 2))
    let trainLabels = labels(57, classes: classes, seed: 3)
    let expected = (0..<300).map {
      predict(test[$0 * features..<($0 + 1) * features], train, trainLabels, k: k)
    }
    // Other lengths change no similarity: powers of two are exact.
    let scaled = train.enumerated().map { $1 * [1, 2, 0.25][$0 / features % 3] }
    try withThreads([1, 2]) { _ in
      let neighbours = try NearestNeighbours(
        train: AlignedBuffer(copying: scaled), labels: trainLabels, features: features, k: k)
      #expect(try neighbours.accuracy(test: AlignedBuffer(copying: test), labels: expected) == 1)
      let wrong = expected.enumerated().map { $0 % 3 == 0 ? ($1 + 1) % Int32(classes) : $1 }
      #expect(try neighbours.accuracy(test: AlignedBuffer(copying: test), labels: wrong) == 2.0 / 3)
    }
  }

  @Test func amongEqualVotesTheNearestWins() throws {
    // Similarities to [1, 0]: 1, 0.6, 0.6, 0; classes 7, 5, 5, 7.
    let train: [Float] = [1, 0, 3, 4, 3, -4, 0, 1]
    func winner(_ k: Int, _ labels: [Int32]) throws -> Int32? {
      let neighbours = try NearestNeighbours(train: AlignedBuffer(copying: train), labels: labels, features: 2, k: k)
      return try [5, 7].first {
        try neighbours.accuracy(test: AlignedBuffer(copying: [1, 0] as [Float]), labels: [$0]) == 1
      }
    }
    #expect(try winner(1, [7, 5, 5, 7]) == 7)
    #expect(try winner(2, [7, 5, 5, 7]) == 7, "one vote each")
    #expect(try winner(3, [7, 5, 5, 7]) == 5)
    #expect(try winner(4, [7, 5, 5, 7]) == 7, "two votes each")
    #expect(try winner(4, [5, 7, 7, 5]) == 5)
    #expect(try winner(2, [5, 5, 7, 5]) == 5, "of equally near ones the first counts")
  }

  @Test func rowsOfZerosAreLikeNothing() throws {
    let neighbours = try NearestNeighbours(
      train: AlignedBuffer(copying: [0, 0, -1, 0, 1, 0] as [Float]), labels: [1, 2, 3], features: 2, k: 1)
    #expect(
      try neighbours.accuracy(test: AlignedBuffer(copying: [2, 0, -2, 0, 0, 0] as [Float]), labels: [3, 2, 1]) == 1)
  }

  @Test(arguments: [0, -1, 4]) func theNumberOfNeighboursMustFit(k: Int) {
    expectFailure(.usage, "--k", "1 to 3", "\(k)") {
      _ = try NearestNeighbours(train: AlignedBuffer(6), labels: [1, 2, 3], features: 2, k: k)
    }
  }
}
