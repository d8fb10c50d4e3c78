import Tensors

/// Exchanges left and right: `flip`, for every second view unless a probability is given.
public struct HorizontalFlip: AugmentationOperation {
  public static let name = "flip"
  public static let form = "flip"
  public static let domain = AugmentationDomain.images
  public static let defaultProbability: Float = 0.5

  public init?(_ numbers: [Float]) { if !numbers.isEmpty { return nil } }

  public var numbers: [Float] { [] }

  public func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    for row in 0..<image.channels * image.height {
      let line = image.pixels + row * image.width
      for x in 0..<image.width / 2 {
        let value = line[x]
        line[x] = line[image.width - 1 - x]
        line[image.width - 1 - x] = value
      }
    }
  }
}
