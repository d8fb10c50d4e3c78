import Datasets
import Diagnostics
import Views

/// The language of `--augment`.
///
///     recipe    = name | operation { "," operation }
///     name      = "none" | "auto" | "small-images"
///     operation = word [ "=" number { ":" number } ] [ "@" probability ]
extension Augmentation {
  /// Recipes with a name.
  package static let recipes = [
    "small-images": "crop=0.4:1,flip,brightness=0.4@0.8,contrast=0.4@0.8,blur=0.1:1@0.5"
  ]

  /// Parses a recipe for samples of a shape.
  ///
  /// `none` leaves views as they are. `auto` is `small-images` for single images and `none` for given pairs; for single
  /// tables and volumes it is an error, since it depends on their values: `automatic(for:)` knows. Errors are
  /// `Failure(.usage)`: unknown words (with the nearest known one), numbers that an operation does not take, and
  /// operations that are not for this shape.
  package static func parse(_ text: String, shape: [Int], viewsPerSample: Int) throws -> Augmentation {
    var recipe = recipes[text] ?? text
    if text == "auto" {
      if viewsPerSample == 1, shape.count != 3 {
        throw Failure(
          .usage, "there is no usual augmentation for samples of this shape", at: "\(option: "augment") auto",
          expected: "images (C×H×W) or given pairs", found: SampleShape.text(shape),
          remedy:
            "give \(option: "augment") noise=0.1, in the data's units, or two views with \(option: "data") pairs:X1.npy,X2.npy"
        )
      }
      recipe = viewsPerSample == 1 ? recipes["small-images"] ?? "" : "none"
    }
    if recipe == "none" { return try Augmentation([], shape: shape) }
    let words = recipe.split(separator: ",", omittingEmptySubsequences: false)
    return try Augmentation(words.map { try step(String($0), recipe) }, shape: shape)
  }

  private static func step(_ word: String, _ recipe: String) throws -> Step {
    let parts = word.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let sides = (parts.first ?? "").split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(sides.first ?? "")
    guard let type = operations.first(where: { $0.name == name }) else { throw unknown(name, recipe) }
    func problem(_ message: String) -> Failure {
      Failure(
        .usage, message, at: "\(option: "augment")", expected: "\(type.form), optionally with @PROBABILITY", found: word
      )
    }
    var numbers: [Float] = []
    if sides.count == 2 {
      for number in sides[1].split(separator: ":", omittingEmptySubsequences: false) {
        guard let value = Float(number), value.isFinite else { throw problem("'\(number)' is not a number") }
        numbers.append(value)
      }
    }
    var probability = type.defaultProbability
    if parts.count == 2 {
      guard let value = Float(parts[1]) else { throw problem("'\(parts[1])' is not a probability") }
      probability = value
    } else if type == GaussianBlur.self, numbers.count == 3 {
      probability = numbers.removeFirst()
    }
    guard probability >= 0, probability <= 1 else { throw problem("a probability must be from 0 to 1") }
    guard let operation = type.init(numbers) else { throw problem("'\(name)' does not take these numbers") }
    return Step(operation, probability: probability)
  }

  private static func unknown(_ name: String, _ recipe: String) -> Failure {
    let names = ["none", "auto"] + recipes.keys + operations.map { $0.name }
    return Failure(
      .usage, name.isEmpty ? "an operation without a name" : "'\(name)' is not an augmentation",
      at: "\(option: "augment")",
      expected: "none, auto, \(recipes.keys.sorted().joined(separator: ", ")), or a list of "
        + operations.map { $0.form }.joined(separator: ", "),
      found: recipe, remedy: NearestName.question(for: name, among: names))
  }
}
