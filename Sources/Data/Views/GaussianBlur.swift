import Foundation
import Tensors

/// Blurs with a Gaussian whose deviation, in pixels, is uniform in a range: `blur=0.1:1`, or with the probability
/// first, `blur=0.5:0.1:1`.
///
/// Separable; the kernel ends at 3 deviations (and before the size of the image) and sums to 1. Outside the image it
/// is reflected without repeating the edge, as torchvision does.
package struct GaussianBlur: AugmentationOperation {
  package static let name = "blur"
  package static let form = "blur=[PROBABILITY:]SMALLEST:LARGEST"
  package static let domain = AugmentationDomain.images

  private let sigma: ClosedRange<Float>

  package init?(_ numbers: [Float]) {
    guard numbers.count == 2, numbers[0] >= 0, numbers[0] <= numbers[1], numbers[1] <= 1000 else { return nil }
    sigma = numbers[0]...numbers[1]
  }

  package var numbers: [Float] { [sigma.lowerBound, sigma.upperBound] }

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    Self.blur(&image, sigma: random.uniform(in: sigma))
  }

  package static func blur(_ image: inout ImageBuffer, sigma: Float) {
    let (height, width) = (image.height, image.width)
    let radius = min(Int((3 * sigma).rounded(.up)), min(height, width) - 1)
    // A kernel of one number; far below, σ² would be 0.
    if radius < 1 || sigma < 0.01 { return }
    // 2·radius + 1 < 2·width numbers.
    let kernel = image.weights + radius
    var sum: Float = 0
    for offset in -radius...radius {
      kernel[offset] = exp(-0.5 * Float(offset * offset) / (sigma * sigma))
      sum += kernel[offset]
    }
    for offset in -radius...radius { kernel[offset] /= sum }

    for row in 0..<image.channels * height {
      let (line, target) = (image.pixels + row * width, image.spare + row * width)
      for x in 0..<width {
        var value: Float = 0
        for offset in -radius...radius { value += kernel[offset] * line[reflected(x + offset, width)] }
        target[x] = value
      }
    }
    for channel in 0..<image.channels {
      let (source, target) = (image.spare + channel * height * width, image.pixels + channel * height * width)
      for y in 0..<height {
        let line = target + y * width
        for x in 0..<width { line[x] = 0 }
        for offset in -radius...radius {
          let (other, weight) = (source + reflected(y + offset, height) * width, kernel[offset])
          for x in 0..<width { line[x] += weight * other[x] }
        }
      }
    }
  }

  /// For indices less than `count` outside.
  @inline(__always)
  private static func reflected(_ index: Int, _ count: Int) -> Int {
    let index = abs(index)
    return index < count ? index : 2 * (count - 1) - index
  }
}
