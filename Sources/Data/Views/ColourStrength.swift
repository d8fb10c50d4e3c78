import Tensors

/// How far a colour operation may go: its factor is uniform from max(0, 1 − s) to 1 + s (torchvision's definition).
struct ColourStrength: Sendable {
  let value: Float

  /// nil unless there is one number, from 0 to 100.
  init?(_ numbers: [Float]) {
    guard numbers.count == 1, numbers[0] >= 0, numbers[0] <= 100 else { return nil }
    value = numbers[0]
  }

  func factor(_ random: inout PhiloxStream) -> Float { random.uniform(in: max(0, 1 - value)...1 + value) }
}

/// An operation on colours whose one number is its strength.
protocol ColourOperation: AugmentationOperation {
  var strength: ColourStrength { get }
  init(strength: ColourStrength)
}

extension ColourOperation {
  package static var domain: AugmentationDomain { .unitImages }

  package init?(_ numbers: [Float]) {
    guard let strength = ColourStrength(numbers) else { return nil }
    self.init(strength: strength)
  }

  package var numbers: [Float] { [strength.value] }
}
