import Tensors

/// One random change of a sample: the words of a recipe.
///
/// A new operation is one file with one of these, and its type in `Augmentation.operations`.
package protocol AugmentationOperation: Sendable {
  /// The word in a recipe: `crop`.
  static var name: String { get }
  /// How it is written, for help and messages: `crop=SMALLEST:LARGEST`.
  static var form: String { get }
  /// What it can be applied to.
  static var domain: AugmentationDomain { get }
  /// The probability of being applied where the recipe gives none.
  static var defaultProbability: Float { get }

  /// From the numbers after the equals sign (none without one); nil when they are too many, too few or out of range.
  init?(_ numbers: [Float])
  /// The numbers, complete: the same operation is made from them again.
  var numbers: [Float] { get }

  func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream)
}

extension AugmentationOperation {
  package static var defaultProbability: Float { 1 }
}

/// What an operation can be applied to.
package enum AugmentationDomain: Sendable {
  /// Any samples.
  case any
  /// Images.
  case images
  /// Images with values in 0...1.
  case unitImages
}
