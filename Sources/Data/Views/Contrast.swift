import Tensors

/// Moves all values away from or towards the mean gray by a factor from max(0, 1 − s) to 1 + s, and clamps them to
/// 0...1 (torchvision's definition).
///
/// The gray of three channels is 0.2989 R + 0.587 G + 0.114 B; of any other number, their mean.
package struct Contrast: ColourOperation {
  package static let name = "contrast"
  package static let form = "contrast=STRENGTH"

  let strength: ColourStrength

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    let factor = strength.factor(&random)
    let gray = (1 - factor) * Self.meanGray(image)
    for i in 0..<image.count { image.pixels[i] = min(max(image.pixels[i] * factor + gray, 0), 1) }
  }

  private static func meanGray(_ image: ImageBuffer) -> Float {
    let size = image.height * image.width
    var sum = 0.0
    for channel in 0..<image.channels {
      let weight =
        image.channels != 3 ? 1 / Double(image.channels) : channel == 0 ? 0.2989 : channel == 1 ? 0.587 : 0.114
      var part = 0.0
      for i in channel * size..<(channel + 1) * size { part += Double(image.pixels[i]) }
      sum += weight * part
    }
    return Float(sum / Double(size))
  }
}
