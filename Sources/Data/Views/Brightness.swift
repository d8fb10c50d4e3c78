import Tensors

/// Multiplies all values by a factor from max(0, 1 − s) to 1 + s and clamps them to 0...1 (torchvision's definition).
package struct Brightness: AugmentationOperation {
  package static let name = "brightness"
  package static let form = "brightness=STRENGTH"
  package static let domain = AugmentationDomain.unitImages

  private let strength: ColourStrength

  package init?(_ numbers: [Float]) {
    guard let strength = ColourStrength(numbers) else { return nil }
    self.strength = strength
  }

  package var numbers: [Float] { [strength.value] }

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    let factor = strength.factor(&random)
    for i in 0..<image.count { image.pixels[i] = min(max(image.pixels[i] * factor, 0), 1) }
  }
}
