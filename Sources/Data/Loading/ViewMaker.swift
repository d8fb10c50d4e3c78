import Datasets
import Diagnostics
import Foundation
import Tensors
import Views

/// Makes the two views of a sample. Shared by the threads of a loader, each with its own workspace.
package struct ViewMaker: Sendable {
  package let dataset: any Dataset
  package let augmentation: Augmentation
  package let seed: UInt64
  package let purpose: RandomPurpose
  package let sampleSize: Int

  package init(
    dataset: any Dataset, augmentation: Augmentation, seed: UInt64, purpose: RandomPurpose = .augmentation
  ) {
    self.dataset = dataset
    self.augmentation = augmentation
    self.seed = seed
    self.purpose = purpose
    sampleSize = dataset.sampleSize
  }

  /// Reads a sample and writes its two views, as a function of (seed, epoch, sample, view).
  package func makeViews(
    of sample: Int, epoch: Int, into first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>,
    _ workspace: AugmentationWorkspace
  ) throws {
    try dataset.read(sample, view: 0, into: first)
    if dataset.viewsPerSample == 2 {
      try dataset.read(sample, view: 1, into: second)
    } else {
      memcpy(second, first, sampleSize * MemoryLayout<Float>.stride)
    }
    if augmentation.isIdentity { return }
    try augment(first, sample, epoch: epoch, view: 0, workspace)
    try augment(second, sample, epoch: epoch, view: 1, workspace)
  }

  private func augment(
    _ pixels: UnsafeMutablePointer<Float>, _ sample: Int, epoch: Int, view: Int, _ workspace: AugmentationWorkspace
  ) throws {
    var random = PhiloxStream(seed: seed, purpose: purpose, epoch: epoch, sample: sample, view: view)
    do {
      try augmentation.apply(to: pixels, &random, workspace)
    } catch var failure as Failure {
      failure.location = "\(failure.location ?? "\(option: "augment")"), with \(dataset.name), sample \(sample)"
      throw failure
    }
  }
}
