import Diagnostics
import Tensors

/// k-nearest-neighbour classification by cosine similarity: how well features separate classes, with nothing trained.
///
/// The majority among the k most similar training samples wins; of classes with equal votes, the one whose nearest
/// member is nearer. Equally similar neighbours count in the order of the training set.
package struct NearestNeighbours {
  private let train: AlignedBuffer<Float>
  private let labels: [Int32]
  private let features: Int
  private let k: Int

  /// Test rows whose similarities are held at a time.
  private static let block = 128

  /// - Parameter train: `labels.count` × `features`; rows are scaled to length 1 here, in place.
  package init(train: AlignedBuffer<Float>, labels: [Int32], features: Int, k: Int) throws {
    guard k >= 1, k <= labels.count else {
      throw Failure(
        .usage, "the number of neighbours does not fit the training set", at: "\(option: "k")",
        expected: "1 to \(labels.count)",
        found: "\(k)")
    }
    self.train = train
    self.labels = labels
    self.features = features
    self.k = k
    Self.scaleRows(train, features)
  }

  /// The share of `test`'s rows whose class is predicted right; `test` is scaled in place.
  package func accuracy(test: AlignedBuffer<Float>, labels expected: [Int32]) throws -> Double {
    Self.scaleRows(test, features)
    let similarities = try AlignedBuffer<Float>(Self.block, labels.count)
    let hits = try AlignedBuffer<Int64>(expected.count)
    var first = 0
    while first < expected.count {
      let rows = min(Self.block, expected.count - first)
      MatrixProduct.multiply(
        m: rows, n: labels.count, k: features, a: test.pointer + first * features, strideA: features, b: train.pointer,
        transposeB: true, strideB: features, c: similarities.pointer, strideC: labels.count)
      let start = first
      ThreadPool.forEachRange(of: rows) { range in
        for row in range {
          let predicted = predict(similarities.pointer + row * labels.count)
          hits.pointer[start + row] = predicted == expected[start + row] ? 1 : 0
        }
      }
      first += rows
    }
    return Double(hits.elements.reduce(0, +)) / Double(expected.count)
  }

  /// The class of the sample with these similarities to the training set.
  private func predict(_ similarities: UnsafePointer<Float>) -> Int32 {
    // The k nearest so far, nearest first.
    var nearest: [(similarity: Float, index: Int)] = []
    nearest.reserveCapacity(k + 1)
    for index in labels.indices {
      let similarity = similarities[index]
      if nearest.count == k, similarity <= nearest[k - 1].similarity { continue }
      let place = nearest.firstIndex { similarity > $0.similarity } ?? nearest.count
      nearest.insert((similarity, index), at: place)
      if nearest.count > k { nearest.removeLast() }
    }
    var votes: [Int32: Int] = [:]
    for neighbour in nearest { votes[labels[neighbour.index], default: 0] += 1 }
    let most = votes.values.max() ?? 0
    return nearest.lazy.map { labels[$0.index] }.first { votes[$0] == most } ?? -1
  }

  private static func scaleRows(_ rows: AlignedBuffer<Float>, _ features: Int) {
    ThreadPool.forEachRange(of: rows.count / features) { range in
      for row in range {
        let x = rows.pointer + row * features
        let norm = ColumnSums.dot(x, x, count: features).squareRoot()
        let scale = norm > 0 ? Float(1 / norm) : 0
        for i in 0..<features { x[i] *= scale }
      }
    }
  }
}
