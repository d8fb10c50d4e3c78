import Tensors

/// Exchanges left and right: `flip`, for half of the views unless a probability is given.
package struct HorizontalFlip: AugmentationOperation {
  package static let name = "flip"
  package static let form = "flip"
  package static let domain = AugmentationDomain.images
  package static let defaultProbability: Float = 0.5

  package init?(_ numbers: [Float]) { if !numbers.isEmpty { return nil } }

  package var numbers: [Float] { [] }

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
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
