import Tensors

/// A sample under augmentation, with the memory that operations need: they allocate nothing.
///
/// Images are C×H×W; samples of other shapes are one row, for operations that know no geometry. Does not own its
/// memory: it is valid within `AugmentationWorkspace`'s call.
package struct ImageBuffer {
  package let channels: Int
  package let height: Int
  package let width: Int
  /// The values, C×H×W.
  package private(set) var pixels: UnsafeMutablePointer<Float>
  /// As much room again: an operation that cannot work in place writes here and calls `exchange`.
  package private(set) var spare: UnsafeMutablePointer<Float>
  /// Room for 2·(H + W) + 16 numbers each, for tables of an operation.
  package let weights: UnsafeMutablePointer<Float>
  package let indices: UnsafeMutablePointer<Int>

  package var count: Int { channels * height * width }

  /// Makes the spare memory the pixels.
  package mutating func exchange() { swap(&pixels, &spare) }

  package init(
    shape: [Int], pixels: UnsafeMutablePointer<Float>, spare: UnsafeMutablePointer<Float>,
    weights: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<Int>
  ) {
    let isImage = shape.count == 3
    channels = isImage ? shape[0] : 1
    height = isImage ? shape[1] : 1
    width = isImage ? shape[2] : shape.reduce(1, *)
    self.pixels = pixels
    self.spare = spare
    self.weights = weights
    self.indices = indices
  }
}

/// The memory of one thread that augments samples of a shape.
package final class AugmentationWorkspace: Sendable {
  let shape: [Int]
  let spare: AlignedBuffer<Float>
  let weights: AlignedBuffer<Float>
  let indices: AlignedBuffer<Int>

  package init(shape: [Int]) throws {
    self.shape = shape
    spare = try AlignedBuffer(shape.reduce(1, saturatingProduct), for: .loader)
    let numbers = shape.count == 3 ? 2 * (shape[1] + shape[2]) + 16 : 16
    weights = try AlignedBuffer(numbers, for: .loader)
    indices = try AlignedBuffer(numbers, for: .loader)
  }

  /// The sample at `pixels` as operations see it.
  func image(_ pixels: UnsafeMutablePointer<Float>) -> ImageBuffer {
    ImageBuffer(
      shape: shape, pixels: pixels, spare: spare.pointer, weights: weights.pointer, indices: indices.pointer)
  }
}
