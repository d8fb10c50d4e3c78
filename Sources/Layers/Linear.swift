import COneDNN
import Diagnostics
import Tensors

/// y = x·wᵀ + b over rows of features (PyTorch's `Linear`), through oneDNN's inner product.
///
/// Input samples × inputs, output samples × outputs, weight outputs × inputs. Initialised as PyTorch does, uniform in
/// ±1/√inputs for weight and bias, unless told otherwise.
public final class Linear: Layer, WeightGradientOwner {
  public let inputs: Int
  public let outputs: Int
  public let hasBias: Bool
  public let needsInputGradient: Bool
  public let parameters: [ParameterSpec]

  private var input: Activation!
  private var output: Activation!
  private var primitive: Primitive!
  private var weight: PackedWeight!
  private var forwardCalls: [PreparedCall] = []
  private var dataWeight: PackedWeight?
  private var dataCalls: [PreparedCall] = []
  private var weightCalls: [(gradient: PreparedCall, unpack: PreparedCall?)] = []
  private var gradientSum: GradientSum!
  private weak var workspace: Workspace!

  public init(
    _ name: String, inputs: Int, outputs: Int, bias: Bool, needsInputGradient: Bool = true,
    weightInitialization: ParameterSpec.Initialization? = nil, biasInitialization: ParameterSpec.Initialization? = nil
  ) {
    (self.inputs, self.outputs, hasBias, self.needsInputGradient) = (inputs, outputs, bias, needsInputGradient)
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
        expected: "\(inputs) features a sample", found: "\(input.shape.sampleStride) (\(input.shape))")
    }
    (self.input, self.workspace) = (input, workspace)
    output = workspace.activation(TensorShape(samples: input.shape.samples, channels: outputs))
    output.isConsumable = true
    workspace.count(multiplyAdds: inputs * outputs, needsInputGradient: needsInputGradient)
    let (x, y) = try layouts
    primitive = try makeForward(x, y)
    weight = try PackedWeight(
      parameters[0], layout: primitive.layout(dnnl_query_weights_md), isKept: !workspace.isTraining, workspace)
    let bias = try biasArgument(DNNL_ARG_BIAS, at: workspace.parameters.values.pointer)
    forwardCalls = try zip(input.values, output.values).map { from, to in
      try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_SRC, x, .init(from.pointer)), (DNNL_ARG_WEIGHTS, weight.layout, weight.address),
          (DNNL_ARG_DST, y, .init(to.pointer)),
        ] + bias)
    }
    weight.release(workspace)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    if needsInputGradient {
      input.gradients = workspace.gradientBuffers(input.shape)
      try planDataGradient()
    }
    // Later than the data gradient, as it runs: its working memory must not lie in the data gradient.
    try planWeightGradient()
    workspace.release(output)
  }

  public var letsInputGo: Bool { true }

  public func forward() throws {
    try weight.refresh()
    for call in forwardCalls { try call.run() }
  }

  public func backward() throws {
    try dataWeight?.refresh()
    for call in dataCalls { try call.run() }
    try workspace.postpone(self)
  }

  func computeWeightGradient() throws {
    input.rebuild()
    for (leaf, call) in weightCalls.enumerated() {
      try call.gradient.run()
      try call.unpack?.run()
      gradientSum.merge(afterLeaf: leaf)
    }
    try workspace.completed(gradientSum)
  }

  // MARK: Planning

  /// The rows that go in and come out.
  private var layouts: (x: MemoryDescriptor, y: MemoryDescriptor) {
    get throws {
      (
        try MemoryDescriptor(TensorShape(samples: input.shape.samples, channels: inputs)),
        try MemoryDescriptor(output.shape)
      )
    }
  }

  private func makeForward(_ x: MemoryDescriptor, _ y: MemoryDescriptor) throws -> Primitive {
    var operation = dnnl_inner_product_desc_t()
    var (x, w, y) = (x.raw, try MemoryDescriptor.any([outputs, inputs]).raw, y.raw)
    var bias = try MemoryDescriptor.plain([outputs]).raw
    try withUnsafePointer(to: &bias) { bias in
      try OneDNN.check(
        "describing an inner product",
        dnnl_inner_product_forward_desc_init(&operation, dnnl_forward_training, &x, &w, hasBias ? bias : nil, &y))
    }
    return try Primitive("an inner product", operation: &operation)
  }

  private func planDataGradient() throws {
    let (x, y) = try layouts
    var operation = dnnl_inner_product_desc_t()
    var (dx, w, dy) = (x.raw, try MemoryDescriptor.any([outputs, inputs]).raw, y.raw)
    try OneDNN.check(
      "describing an inner product's data gradient",
      dnnl_inner_product_backward_data_desc_init(&operation, &dx, &w, &dy))
    let gradient = try Primitive("an inner product's data gradient", operation: &operation, hint: primitive)
    let layout = gradient.layout(dnnl_query_weights_md)
    let weight = try PackedWeight(parameters[0], layout: layout, isKept: false, workspace)
    dataWeight = weight
    dataCalls = try zip(input.gradients, output.gradients).map { to, from in
      try PreparedCall(
        gradient, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_DIFF_SRC, x, .init(to.pointer)), (DNNL_ARG_WEIGHTS, layout, weight.address),
          (DNNL_ARG_DIFF_DST, y, .init(from.pointer)),
        ])
    }
    weight.release(workspace)
  }

  private func planWeightGradient() throws {
    let (x, y) = try layouts
    var operation = dnnl_inner_product_desc_t()
    var (source, dw, dy) = (x.raw, try MemoryDescriptor.any([outputs, inputs]).raw, y.raw)
    var db = try MemoryDescriptor.plain([outputs]).raw
    try withUnsafePointer(to: &db) { db in
      try OneDNN.check(
        "describing an inner product's weight gradient",
        dnnl_inner_product_backward_weights_desc_init(&operation, &source, &dw, hasBias ? db : nil, &dy))
    }
    let gradient = try Primitive("an inner product's weight gradient", operation: &operation, hint: primitive)
    gradientSum = try workspace.gradientSum(of: parameters)
    let offset = gradientSum.group.offset
    let inputs = input.planRebuilding(workspace)
    let unpacker = try Unpacker(parameters[0].shape, layout: gradient.layout(dnnl_query_diff_weights_md), workspace)
    weightCalls = try input.values.indices.map { leaf in
      let target = gradientSum.address(leaf: leaf, offset: offset)
      let call = try PreparedCall(
        gradient, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_SRC, x, .init(inputs[leaf].pointer)),
          (DNNL_ARG_DIFF_DST, y, .init(output.gradients[leaf].pointer)),
          (DNNL_ARG_DIFF_WEIGHTS, unpacker.layout, unpacker.address(for: target)),
        ] + (try biasArgument(DNNL_ARG_DIFF_BIAS, at: target - offset)))
      return (call, try unpacker.call(to: target, workspace))
    }
    unpacker.release(workspace)
  }

  /// The bias as an argument, where there is one; `arena` is where arena offset 0 lies.
  private func biasArgument(_ name: Int32, at arena: UnsafeMutablePointer<Float>) throws
    -> [(argument: Int32, layout: MemoryDescriptor, address: UnsafeMutableRawPointer)]
  {
    guard hasBias else { return [] }
    let offset = try workspace.parameters.layout.entry(parameters[1].name).offset
    return [(name, try .plain([outputs]), .init(arena + offset))]
  }
}
