import Diagnostics
import Tensors

/// y = x·wᵀ + b over rows of features (PyTorch's `Linear`), by oneDNN's inner product or OpenBLAS's matrix product.
///
/// Input samples × inputs, output samples × outputs, weight outputs × inputs. Initialised as PyTorch does, uniform in
/// ±1/√inputs for weight and bias, unless told otherwise.
public final class Linear: TunableLayer, WeightGradientOwner {
  public let inputs: Int
  public let outputs: Int
  public let hasBias: Bool
  public let needsInputGradient: Bool
  /// Whether the output is float32 even in a bf16 network, from bf16 factors: for the embeddings of a loss.
  public let writesFloat32: Bool
  public let parameters: [ParameterSpec]

  private var input: Activation!
  private var output: Activation!
  private(set) var passes: LayerPasses!
  private weak var workspace: Workspace!

  public init(
    _ name: String, inputs: Int, outputs: Int, bias: Bool, needsInputGradient: Bool = true, writesFloat32: Bool = false,
    weightInitialization: ParameterSpec.Initialization? = nil, biasInitialization: ParameterSpec.Initialization? = nil
  ) {
    self.inputs = inputs
    self.outputs = outputs
    hasBias = bias
    self.needsInputGradient = needsInputGradient
    self.writesFloat32 = writesFloat32
    let usual = ParameterSpec.Initialization.uniform(bound: 1 / Double(inputs).squareRoot())
    var parameters = [
      ParameterSpec(
        name: name + ".weight", shape: [outputs, inputs], initialization: weightInitialization ?? usual)
    ]
    if bias {
      parameters.append(
        ParameterSpec(name: name + ".bias", shape: [outputs], initialization: biasInitialization ?? usual))
    }
    self.parameters = parameters
  }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    guard input.shape.layout == .plain, input.shape.sampleStride == inputs else {
      throw Failure(
        .usage, "the input does not fit this linear layer", at: parameters[0].name,
        expected: "\(inputs.counted("feature")) a sample", found: "\(input.shape.sampleStride) (\(input.shape))")
    }
    (self.input, self.workspace) = (input, workspace)
    output = try workspace.activation(
      TensorShape(
        samples: input.shape.samples, channels: outputs, element: writesFloat32 ? .float32 : workspace.element))
    output.isConsumable = true
    workspace.count(multiplyAdds: inputs * outputs, needsInputGradient: needsInputGradient)
    passes = try LayerPasses(plan)
    return output
  }

  public var takesBFloat16: Bool { true }

  public func planBackward(_ workspace: Workspace) throws {
    try passes.planBackward(plan, needsInputGradient: needsInputGradient)
  }

  public var letsInputGo: Bool { true }

  public func forward() throws { try passes.run(.forward) }

  public func backward() throws {
    try passes.run(.dataGradient)
    try workspace.postpone(self)
  }

  func computeWeightGradient() throws { try passes.runWeightGradient(workspace) }

  private var plan: LinearPlan {
    let rows = TensorShape(samples: input.shape.samples, channels: inputs, element: input.shape.element)
    return LinearPlan(
      layer: WeightedLayer(layer: self, input: input, inputShape: rows, output: output, workspace: workspace))
  }
}
