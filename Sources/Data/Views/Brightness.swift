import Tensors

/// Multiplies all values by a factor from max(0, 1 − s) to 1 + s and clamps them to 0...1 (torchvision's definition).
package struct Brightness: ColourOperation {
  package static let name = "brightness"
  package static let form = "brightness=STRENGTH"

  let strength: ColourStrength

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    let factor = strength.factor(&random)
    for i in 0..<image.count { image.pixels[i] = min(max(image.pixels[i] * factor, 0), 1) }
  }
}
