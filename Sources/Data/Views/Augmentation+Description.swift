extension Augmentation {
  /// The recipe with all numbers and probabilities, which `parse` reads again; `none` without operations.
  package var description: String {
    if steps.isEmpty { return "none" }
    return steps.map { step in
      let type = type(of: step.operation)
      let numbers = step.operation.numbers.map(Self.text).joined(separator: ":")
      let probability = step.probability == 1 && type.defaultProbability == 1 ? "" : "@\(Self.text(step.probability))"
      return type.name + (numbers.isEmpty ? "" : "=\(numbers)") + probability
    }.joined(separator: ",")
  }

  /// The shortest text of a number: 1 rather than 1.0.
  private static func text(_ number: Float) -> String {
    number == number.rounded() && abs(number) < 1e6 ? "\(Int(number))" : "\(number)"
  }
}
