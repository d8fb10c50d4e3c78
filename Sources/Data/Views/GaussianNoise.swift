import Tensors

/// Adds independent normal noise of a deviation, in the data's own units: `noise=0.05`. For samples of any shape.
public struct GaussianNoise: AugmentationOperation {
  public static let name = "noise"
  public static let form = "noise=DEVIATION"
  public static let domain = AugmentationDomain.any

  private let sigma: Float

  public init?(_ numbers: [Float]) {
    guard numbers.count == 1, numbers[0] >= 0, numbers[0] <= 1e6 else { return nil }
    sigma = numbers[0]
  }

  public var numbers: [Float] { [sigma] }

  public func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    for i in 0..<image.count { image.pixels[i] += sigma * random.normal() }
  }
}
