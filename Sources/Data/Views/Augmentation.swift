import Datasets
import Diagnostics
import Foundation
import Tensors

/// A recipe of random changes that makes views out of samples; it is applied in the order it is written.
///
/// Made by `parse`. What it does to a view is a function of the stream it is given, and so of (seed, epoch, sample,
/// view). Safe to use from several threads, each with its own workspace.
package struct Augmentation: Sendable, CustomStringConvertible {
  /// All operations that recipes know.
  package static let operations: [any AugmentationOperation.Type] = [
    RandomResizedCrop.self, HorizontalFlip.self, Brightness.self, Contrast.self, GaussianBlur.self, GaussianNoise.self,
  ]

  /// An operation and how often it is applied.
  package struct Step: Sendable {
    package var operation: any AugmentationOperation
    package var probability: Float

    package init(_ operation: any AugmentationOperation, probability: Float) {
      (self.operation, self.probability) = (operation, probability)
    }
  }

  package let steps: [Step]
  /// What counts as values from 0 to 1: rounding in whatever made the data is forgiven.
  package static let unitRange: ClosedRange<Float> = -1e-3...1 + 1e-3

  /// The shape of the samples.
  package let shape: [Int]
  private let needsUnitRange: Bool

  /// An operation that is not for samples of this shape is a `Failure(.usage)`.
  package init(_ steps: [Step], shape: [Int]) throws {
    for step in steps {
      let type = type(of: step.operation)
      if type.domain != .any, shape.count != 3 {
        let kind = shape.count == 1 ? "rows of a table" : "volumes"
        throw Failure(
          .usage, "'\(type.name)' is for images, and the samples are \(kind)", at: "\(option: "augment")",
          expected: "samples of C×H×W", found: SampleShape.text(shape),
          remedy: "use noise=DEVIATION, which is for all samples, or give two views with pairs:X1.npy,X2.npy")
      }
    }
    (self.steps, self.shape) = (steps, shape)
    needsUnitRange = steps.contains { type(of: $0.operation).domain == .unitImages }
  }

  /// True for `none`: views are the samples as they are.
  package var isIdentity: Bool { steps.isEmpty }

  /// Whether an operation takes channels, height and width apart.
  package var isForImages: Bool { steps.contains { type(of: $0.operation).domain != .any } }

  /// Makes the view in `pixels`, which holds the sample, as many numbers as `shape` says.
  ///
  /// Allocates nothing. Errors: a `Failure(.usage)` when the recipe has colour operations, which clamp to 0...1, and
  /// the sample has values outside; the caller names the sample.
  package func apply(
    to pixels: UnsafeMutablePointer<Float>, _ random: inout PhiloxStream, _ workspace: AugmentationWorkspace
  ) throws {
    var image = workspace.image(pixels)
    if needsUnitRange { try checkRange(image) }
    for step in steps where step.probability >= 1 || random.bernoulli(step.probability) {
      step.operation.apply(&image, &random)
    }
    if image.pixels != pixels { memcpy(pixels, image.pixels, image.count * MemoryLayout<Float>.stride) }
  }

  private func checkRange(_ image: ImageBuffer) throws {
    var (low, high) = (image.pixels[0], image.pixels[0])
    for i in 0..<image.count {
      low = min(low, image.pixels[i])
      high = max(high, image.pixels[i])
    }
    if Self.unitRange.contains(low), Self.unitRange.contains(high) { return }
    throw Failure(
      .usage, "colour operations need values from 0 to 1", at: "\(option: "augment")",
      found: "values from \(low) to \(high)",
      remedy: "scale the data to 0...1, or leave brightness and contrast out: \(option: "augment") crop=0.4:1,flip")
  }
}
