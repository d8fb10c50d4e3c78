import Tensors

/// Features of the samples that have a label, and the labels.
package struct LabelledRows {
  /// `labels.count` × features.
  package let values: AlignedBuffer<Float>
  package let labels: [Int32]

  /// - Parameter values: of all samples, rows × `features`.
  /// - Parameter labels: of all samples.
  /// - Parameter samples: those that are kept, in their order.
  package init(_ values: AlignedBuffer<Float>, labels: [Int32], features: Int, keeping samples: [Int]) throws {
    self.labels = samples.map { labels[$0] }
    guard samples.count < labels.count else {
      self.values = values
      return
    }
    let kept = try AlignedBuffer<Float>(samples.count * features)
    for (row, sample) in samples.enumerated() {
      (kept.pointer + row * features).update(from: values.pointer + sample * features, count: features)
    }
    self.values = kept
  }
}
