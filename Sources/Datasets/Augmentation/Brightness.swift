import Tensors

/// Multiplies all values by a factor from max(0, 1 − s) to 1 + s and clamps them to 0...1 (torchvision's definition).
public struct Brightness: AugmentationOperation {
  public static let name = "brightness"
  public static let form = "brightness=STRENGTH"
  public static let domain = AugmentationDomain.unitImages

  private let strength: Float

  public init?(_ numbers: [Float]) {
    guard numbers.count == 1, numbers[0] >= 0, numbers[0] <= 100 else { return nil }
    strength = numbers[0]
  }

  public var numbers: [Float] { [strength] }

  public func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    let factor = random.uniform(in: max(0, 1 - strength)...1 + strength)
    for i in 0..<image.count { image.pixels[i] = min(max(image.pixels[i] * factor, 0), 1) }
  }
}
