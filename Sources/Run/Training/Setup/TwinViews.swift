import Datasets
import Diagnostics
import Tensors
import Views

/// Whether the two views of a sample are two.
enum TwinViews {
  /// Samples that are compared where views are given.
  private static let compared = 4

  /// A remark where both views are the same numbers: such a training has nothing to learn what to ignore.
  static func remarks(_ dataset: any Dataset, _ augmentation: Augmentation) throws -> [String] {
    guard augmentation.isIdentity else { return [] }
    if dataset.viewsPerSample == 1 {
      return [
        "the two views of each sample are the same, since \(option: "augment") is none: that is for measuring times; to "
          + "learn features give a recipe, or two views with pairs:X1.npy,X2.npy"
      ]
    }
    guard try areEqual(dataset) else { return [] }
    return [
      "the two given views of each sample are the same: to learn features they must differ, or give \(option: "augment")"
    ]
  }

  /// Judged by a few samples from the first to the last.
  private static func areEqual(_ dataset: any Dataset) throws -> Bool {
    let size = dataset.sampleSize
    let first = try AlignedBuffer<Float>(size)
    let second = try AlignedBuffer<Float>(size)
    for i in 0..<min(compared, dataset.count) {
      let index = i * (dataset.count - 1) / max(1, min(compared, dataset.count) - 1)
      try dataset.read(index, view: 0, into: first.pointer)
      try dataset.read(index, view: 1, into: second.pointer)
      guard first.elements.elementsEqual(second.elements) else { return false }
    }
    return true
  }
}
