import Tensors

/// y = x as numbers of another element type, each rounded to the nearest; the identity where they already have it.
///
/// `Sequential` and others put it where neighbours differ. The gradient is converted on its way back.
package final class Cast: Layer {
  package let parameters: [ParameterSpec] = []
  private let element: TensorShape.Element
  private var input: Activation!
  private var output: Activation!
  private weak var workspace: Workspace?

  package init(to element: TensorShape.Element) { self.element = element }

  package var kind: String { element == .float32 ? "Cast to float32" : "Cast to bf16" }
  package var takesBFloat16: Bool { true }

  package func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, self.workspace) = (input, workspace)
    var shape = input.shape
    shape.element = element
    output = isIdentity ? input : try workspace.activation(shape)
    return output
  }

  package func planBackward(_ workspace: Workspace) throws {
    // No later layer has a gradient for the data of a network.
    guard !isIdentity, !output.gradients.isEmpty else { return }
    input.gradients = try workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  package func forward() {
    guard !isIdentity else { return }
    for (x, y) in zip(input.values, output.values) { convert(x, input.shape, to: y) }
  }

  package func backward() throws {
    guard !isIdentity else { return }
    // The input's gradient may lie where a postponed weight gradient still reads.
    try workspace?.runPostponed()
    for (dy, dx) in zip(output.gradients, input.gradients) { convert(dy, output.shape, to: dx) }
  }

  private var isIdentity: Bool { input.shape.element == element }

  private func convert(_ source: AlignedBuffer<Float>, _ shape: TensorShape, to target: AlignedBuffer<Float>) {
    switch shape.element {
    case .float32: Elementwise.convert(source.pointer, to: target.bfloat16, count: shape.count)
    case .bfloat16: Elementwise.convert(source.bfloat16, to: target.pointer, count: shape.count)
    }
  }
}

extension Elementwise {
  /// y += x, for tensors of one shape.
  static func add(_ x: AlignedBuffer<Float>, into y: AlignedBuffer<Float>, _ shape: TensorShape) {
    switch shape.element {
    case .float32: add(x.pointer, into: y.pointer, count: shape.count)
    case .bfloat16: add(x.bfloat16, into: y.bfloat16, count: shape.count)
    }
  }
}
