import Tensors

/// Multiplies all values by a factor from max(0, 1 − s) to 1 + s and clamps them to 0...1 (torchvision's definition).
public struct Brightness: AugmentationOperation {
  public static let name = "brightness"
  public static let form = "brightness=STRENGTH"
  public static let domain = AugmentationDomain.unitImages

  private let strength: ColourStrength

  public init?(_ numbers: [Float]) {
    guard let strength = ColourStrength(numbers) else { return nil }
    self.strength = strength
  }

  public var numbers: [Float] { [strength.value] }

  public func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    let factor = strength.factor(&random)
    for i in 0..<image.count { image.pixels[i] = min(max(image.pixels[i] * factor, 0), 1) }
  }
}
