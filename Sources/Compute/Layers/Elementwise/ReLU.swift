import Tensors

/// y = max(0, x) in place: the input's memory becomes the output's, unless that is kept. For use after
/// layers that do not need their output in backward, such as `Linear`.
public final class ReLU: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!

  public init() {}

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    output = try workspace.activationInPlace(of: input)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = output.gradients
    output.releaseValues()
  }

  public func forward() {
    for (x, y) in zip(input.values, output.values) {
      if x !== y { y.pointer.update(from: x.pointer, count: x.count) }
      switch output.shape.element {
      case .float32: Elementwise.rectify(y.pointer, count: output.shape.count)
      case .bfloat16: Elementwise.rectify(y.bfloat16, count: output.shape.count)
      }
    }
  }

  public func backward() {
    for (gradient, y) in zip(output.gradients, output.values) {
      switch output.shape.element {
      case .float32: Elementwise.mask(gradient.pointer, whereZero: y.pointer, count: output.shape.count)
      case .bfloat16: Elementwise.mask(gradient.bfloat16, whereZero: y.bfloat16, count: output.shape.count)
      }
    }
  }
}
