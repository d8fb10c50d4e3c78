import Diagnostics

/// Which method computes each direction of each layer with weights.
///
/// Layers go by the names of their weights, such as `encoder.conv1.weight`. Methods are the raw values of
/// `ConvolutionMethod` and `LinearMethod`.
package struct KernelTable: Equatable, Sendable {
  /// Layer, direction, method: as configuration and checkpoint keep it.
  package private(set) var choices: [String: [String: String]] = [:]

  package init() {}

  /// - Parameter choices: layer, direction, method. A direction or method that no layer has is a usage failure.
  package init(_ choices: [String: [String: String]]) throws(Failure) {
    self.choices = choices
    let directions = KernelDirection.allCases.map(\.rawValue)
    for (layer, entries) in choices.sorted(by: { $0.key < $1.key }) {
      for (direction, method) in entries.sorted(by: { $0.key < $1.key }) {
        guard directions.contains(direction) else {
          throw Failure(
            .usage, "not a direction of a layer", at: "\(option: "kernel-table"), \(layer)",
            expected: directions.joined(separator: ", "), found: direction,
            remedy: NearestName.question(for: direction, among: directions))
        }
        guard Self.methods.contains(method) else {
          throw Failure(
            .usage, "not a method of a layer", at: "\(option: "kernel-table"), \(layer), \(direction)",
            expected: "one of " + Self.methods.joined(separator: ", "), found: method,
            remedy: NearestName.question(for: method, among: Self.methods))
        }
      }
    }
  }

  package subscript(layer: String, direction: KernelDirection) -> String? {
    get { choices[layer]?[direction.rawValue] }
    set { choices[layer, default: [:]][direction.rawValue] = newValue }
  }

  package var isEmpty: Bool { choices.isEmpty }

  /// How many layers have each method, by direction: `forward 20 winograd, 1 direct; data gradient 19 winograd`.
  package var summary: String {
    let parts = KernelDirection.allCases.compactMap { direction in
      let methods = choices.values.compactMap { $0[direction.rawValue] }
      let counts = Dictionary(grouping: methods) { $0 }.map { ($0.key, $0.value.count) }
        .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
      guard !counts.isEmpty else { return nil as String? }
      let name = direction == .forward ? "forward" : direction.text
      return "\(name) " + counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
    }
    return parts.isEmpty ? "none" : parts.joined(separator: "; ")
  }

  private static let methods: [String] = {
    let convolution = ConvolutionMethod.allCases.map(\.rawValue)
    return convolution + LinearMethod.allCases.map(\.rawValue).filter { !convolution.contains($0) }
  }()
}
