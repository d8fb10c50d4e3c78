import Tensors

/// Adds independent normal noise of a deviation, in the data's own units: `noise=0.05`. For samples of any shape.
package struct GaussianNoise: AugmentationOperation {
  package static let name = "noise"
  package static let form = "noise=DEVIATION"
  package static let domain = AugmentationDomain.any

  private let sigma: Float

  package init?(_ numbers: [Float]) {
    guard numbers.count == 1, numbers[0] >= 0, numbers[0] <= 1e6 else { return nil }
    sigma = numbers[0]
  }

  package var numbers: [Float] { [sigma] }

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    for i in 0..<image.count { image.pixels[i] += sigma * random.normal() }
  }
}
