import Datasets
import Diagnostics
import Foundation
import Tensors
import Views

extension Augmentation {
  /// A recipe for one data set, and why it is this one.
  package struct DataRecipe: Equatable, Sendable {
    package let recipe: String
    package let reason: String
  }

  /// The deviation of the noise that `auto` adds, as a part of the deviation of the data.
  private static let partOfDeviation: Float = 0.3

  /// What `auto` means for these data where their values decide it; nil where the shape alone does: single images with
  /// values from 0 to 1, and given pairs.
  ///
  /// Single rows and volumes get noise; single images with other values get the small-image recipe without colours,
  /// which need values from 0 to 1. Reads up to 64 samples.
  ///
  /// - Throws: what reading throws, and a failure of kind `.data` for rows or volumes that are all the same.
  package static func automatic(for dataset: any Dataset) throws -> DataRecipe? {
    guard dataset.viewsPerSample == 1 else { return nil }
    let values = try ValueSpread(of: dataset)
    if dataset.sampleShape.count == 3 {
      guard values.lowest < unitRange.lowerBound || values.highest > unitRange.upperBound else { return nil }
      let steps = (recipes["small-images"] ?? "").split(separator: ",")
      let kept = steps.filter { !$0.hasPrefix(Brightness.name) && !$0.hasPrefix(Contrast.name) }
      return DataRecipe(
        recipe: kept.joined(separator: ","),
        reason: "without colours, which need values from 0 to 1, not \(values.lowest) to \(values.highest)")
    }
    guard values.deviation > 0 else {
      throw Failure(
        .data, "the samples are all the same", at: dataset.name, expected: "samples that differ",
        remedy: "look at the data with `bt-dist inspect`, or give \(option: "augment") noise=0.1")
    }
    let noise = (partOfDeviation * values.deviation).rounded(digits: 3)
    return DataRecipe(
      recipe: "\(GaussianNoise.name)=\(noise)", reason: "\(partOfDeviation) of the values' deviation between samples")
  }
}

/// The range of a data set's values, and how much they differ between samples: of up to 64 samples and, for the
/// difference, 4096 places.
private struct ValueSpread {
  let lowest: Float
  let highest: Float
  /// The median, over the places that differ, of the deviation between samples: neither a constant background nor one
  /// column of large numbers decides it. 0 where no place differs.
  let deviation: Float

  init(of dataset: any Dataset) throws {
    let sample = try AlignedBuffer<Float>(dataset.sampleSize)
    let samples = min(dataset.count, 64)
    let places = min(dataset.sampleSize, 4096)
    let stride = dataset.sampleSize / places
    var sums = [Double](repeating: 0, count: places)
    var squares = [Double](repeating: 0, count: places)
    var first = [Double](repeating: 0, count: places)
    var lowest = Float.infinity
    var highest = -Float.infinity
    for i in 0..<samples {
      // From the first to the last.
      try dataset.read(samples == 1 ? 0 : i * (dataset.count - 1) / (samples - 1), view: 0, into: sample.pointer)
      for value in sample.elements {
        lowest = min(lowest, value)
        highest = max(highest, value)
      }
      for place in 0..<places {
        let value = Double(sample.pointer[place * stride])
        if i == 0 { first[place] = value }
        // From the first sample's value on, so that a large mean takes no digits.
        sums[place] += value - first[place]
        squares[place] += (value - first[place]) * (value - first[place])
      }
    }
    let count = Double(samples)
    let deviations = zip(sums, squares)
      .map { sum, square in max(0, square / count - (sum / count) * (sum / count)).squareRoot() }
      .filter { $0 > 0 }.sorted()
    self.lowest = lowest
    self.highest = highest
    deviation = deviations.isEmpty ? 0 : Float(deviations[deviations.count / 2])
  }
}

extension Float {
  /// With so many digits that count: 0.12345 has 0.123.
  fileprivate func rounded(digits: Int) -> Float {
    guard self != 0, isFinite else { return self }
    return Float(String(format: "%.\(digits)g", Double(self))) ?? self
  }
}
