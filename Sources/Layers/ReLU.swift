import Tensors

/// y = max(0, x) in place: the input's memory becomes the output's. For layers whose output their own backward pass
/// does not need, such as `Linear`.
public final class ReLU: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!

  public init() {}

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    output = Activation(input.shape, values: input.values)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws { input.gradients = output.gradients }

  public func forward() {
    for x in input.values { Elementwise.rectify(x.pointer, count: x.count) }
  }

  public func backward() {
    for (gradient, y) in zip(output.gradients, output.values) {
      Elementwise.mask(gradient.pointer, whereZero: y.pointer, count: y.count)
    }
  }
}
