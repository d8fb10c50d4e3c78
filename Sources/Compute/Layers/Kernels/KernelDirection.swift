/// What a layer with weights computes: three products, each of which may have a method of its own.
package enum KernelDirection: String, Codable, CaseIterable, Sendable {
  case forward, dataGradient, weightGradient

  /// For messages.
  var text: String {
    switch self {
    case .forward: "forward pass"
    case .dataGradient: "data gradient"
    case .weightGradient: "weight gradient"
    }
  }

  /// The name of this direction of `layer`, for messages: "a convolution", "a convolution's data gradient".
  func name(of layer: String) -> String { self == .forward ? layer : "\(layer)'s \(text)" }
}
