internal import COneDNN
import Diagnostics

/// y = x·wᵀ + b over rows of features (PyTorch's `Linear`), through oneDNN's inner product or OpenBLAS's matrix product.
///
/// Input samples × inputs, output samples × outputs, weight outputs × inputs. Initialised as PyTorch does, uniform in
/// ±1/√inputs for weight and bias, unless told otherwise.
public final class Linear: TunableLayer, WeightGradientOwner {
  public let inputs: Int
  public let outputs: Int
  public let hasBias: Bool
  public let needsInputGradient: Bool
  /// Whether the output is float32 in a bf16 network too, from bf16 factors: for the embeddings of a loss.
  public let writesFloat32: Bool
  public let parameters: [ParameterSpec]

  private var input: Activation!
  private var output: Activation!
  private var primitive: Primitive!
  private var weight: PackedWeight!
  private var forwardCalls: [PreparedCall] = []
  private var dataWeight: PackedWeight?
  private var dataCalls: [PreparedCall] = []
  private var weightCalls: [[PreparedCall]] = []
  private var gradientSum: GradientSum!
  /// Where one of the directions is a matrix product.
  private var product: LinearProduct!
  private var methods: [KernelDirection: LinearMethod] = [:]
  private weak var workspace: Workspace!

  public init(
    _ name: String, inputs: Int, outputs: Int, bias: Bool, needsInputGradient: Bool = true, writesFloat32: Bool = false,
    weightInitialization: ParameterSpec.Initialization? = nil, biasInitialization: ParameterSpec.Initialization? = nil
  ) {
    (self.inputs, self.outputs, hasBias, self.needsInputGradient) = (inputs, outputs, bias, needsInputGradient)
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
        expected: "\(inputs) features a sample", found: "\(input.shape.sampleStride) (\(input.shape))")
    }
    (self.input, self.workspace) = (input, workspace)
    output = workspace.activation(
      TensorShape(
        samples: input.shape.samples, channels: outputs, element: writesFloat32 ? .float32 : workspace.element))
    output.isConsumable = true
    workspace.count(multiplyAdds: inputs * outputs, needsInputGradient: needsInputGradient)
    product = try LinearProduct(input: input, output: output, parameters, workspace)
    let method = try choose(.forward)
    let x = try inputRows
    defer { x.release() }
    let y = try MemoryDescriptor(output.shape)
    primitive = try makeForward(x.layout, y, weight: layout(for: method))
    guard method != .matrixProduct else { return output }
    weight = try PackedWeight(
      parameters[0], layout: primitive.layout(dnnl_query_weights_md), isKept: !workspace.isTraining, workspace)
    let bias = try biasArgument(DNNL_ARG_BIAS, at: workspace.parameters.values.pointer)
    forwardCalls = try zip(input.values, output.values).flatMap { from, to in
      let product = try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [
          x.argument(DNNL_ARG_SRC, from), (DNNL_ARG_WEIGHTS, weight.layout, weight.address),
          (DNNL_ARG_DST, y, .init(to.pointer)),
        ] + bias)
      return [try x.load(from), product].compactMap { $0 }
    }
    weight.release(workspace)
    return output
  }

  public var takesBFloat16: Bool { true }

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
    guard methods[.forward] != .matrixProduct else { return product.forward() }
    try weight.refresh()
    for call in forwardCalls { try call.run() }
  }

  public func backward() throws {
    try computeDataGradient()
    try workspace.postpone(self)
  }

  func computeDataGradient() throws {
    guard methods[.dataGradient] != .matrixProduct else { return product.dataGradient() }
    try dataWeight?.refresh()
    for call in dataCalls { try call.run() }
  }

  func computeWeightGradient() throws {
    input.rebuild()
    if methods[.weightGradient] == .matrixProduct {
      for leaf in input.values.indices {
        product.weightGradient(leaf, gradientSum)
        gradientSum.merge(afterLeaf: leaf)
      }
      return try workspace.completed(gradientSum)
    }
    for (leaf, calls) in weightCalls.enumerated() {
      for call in calls { try call.run() }
      gradientSum.merge(afterLeaf: leaf)
    }
    try workspace.completed(gradientSum)
  }

  // MARK: Planning

  /// In bf16 always oneDNN's inner product.
  private func choose(_ direction: KernelDirection) throws -> LinearMethod {
    let candidates = workspace.element == .float32 ? LinearMethod.allCases : [.innerProduct]
    let method = try workspace.kernels.choose(
      direction, of: self, among: candidates, multiplyAdds: input.shape.samples * inputs * outputs,
      input: input.shape, workspace)
    methods[direction] = method
    return method
  }

  /// Rows as they are, images too, and as the products take them: in their element type.
  private func rows(_ features: Int, _ element: TensorShape.Element) throws -> KernelTensor {
    try KernelTensor(
      TensorShape(samples: input.shape.samples, channels: features, element: element),
      as: .plain([input.shape.samples, features], workspace.element), workspace)
  }

  private var inputRows: KernelTensor { get throws { try rows(inputs, input.shape.element) } }
  private var outputRows: KernelTensor { get throws { try rows(outputs, output.shape.element) } }

  /// The weight's layout for a primitive: the arena's, or left to oneDNN.
  private func layout(for method: LinearMethod) throws -> MemoryDescriptor {
    method == .plainInnerProduct
      ? try .plain([outputs, inputs]) : try .any([outputs, inputs], workspace.element)
  }

  private func makeForward(_ x: MemoryDescriptor, _ y: MemoryDescriptor, weight: MemoryDescriptor) throws -> Primitive {
    var operation = dnnl_inner_product_desc_t()
    var (x, w, y) = (x.raw, weight.raw, y.raw)
    var bias = try MemoryDescriptor.plain([outputs]).raw
    try withUnsafePointer(to: &bias) { bias in
      try OneDNN.check(
        "describing an inner product",
        dnnl_inner_product_forward_desc_init(&operation, dnnl_forward_training, &x, &w, hasBias ? bias : nil, &y))
    }
    return try Primitive("an inner product", operation: &operation)
  }

  private func planDataGradient() throws {
    let method = try choose(.dataGradient)
    guard method != .matrixProduct else { return }
    let (x, y) = (try inputRows, try outputRows)
    var operation = dnnl_inner_product_desc_t()
    var (dx, w, dy) = (x.layout.raw, try layout(for: method).raw, y.layout.raw)
    try OneDNN.check(
      "describing an inner product's data gradient",
      dnnl_inner_product_backward_data_desc_init(&operation, &dx, &w, &dy))
    let gradient = try Primitive("an inner product's data gradient", operation: &operation, hint: primitive)
    let layout = gradient.layout(dnnl_query_weights_md)
    let weight = try PackedWeight(parameters[0], layout: layout, isKept: false, workspace)
    dataWeight = weight
    dataCalls = try zip(input.gradients, output.gradients).flatMap { to, from in
      let product = try PreparedCall(
        gradient, scratchpad: workspace.scratchpad,
        [
          x.argument(DNNL_ARG_DIFF_SRC, to), (DNNL_ARG_WEIGHTS, layout, weight.address),
          y.argument(DNNL_ARG_DIFF_DST, from),
        ])
      return [try y.load(from), product, try x.store(to)].compactMap { $0 }
    }
    weight.release(workspace)
    for tensor in [x, y] { tensor.release() }
  }

  private func planWeightGradient() throws {
    let method = try choose(.weightGradient)
    gradientSum = try workspace.gradientSum(of: parameters)
    let inputs = input.planRebuilding(workspace)
    guard method != .matrixProduct else { return }
    let (x, y) = (try inputRows, try outputRows)
    var operation = dnnl_inner_product_desc_t()
    // The gradient of the weights goes to the float32 arena.
    let layout: MemoryDescriptor = try method == .plainInnerProduct ? layout(for: method) : .any(parameters[0].shape)
    var (source, dw, dy) = (x.layout.raw, layout.raw, y.layout.raw)
    var db = try MemoryDescriptor.plain([outputs]).raw
    try withUnsafePointer(to: &db) { db in
      try OneDNN.check(
        "describing an inner product's weight gradient",
        dnnl_inner_product_backward_weights_desc_init(&operation, &source, &dw, hasBias ? db : nil, &dy))
    }
    let gradient = try Primitive("an inner product's weight gradient", operation: &operation, hint: primitive)
    let offset = gradientSum.group.offset
    let unpacker = try Unpacker(parameters[0].shape, layout: gradient.layout(dnnl_query_diff_weights_md), workspace)
    weightCalls = try input.values.indices.map { leaf in
      let target = gradientSum.address(leaf: leaf, offset: offset)
      let (values, gradients) = (inputs[leaf], output.gradients[leaf])
      let product = try PreparedCall(
        gradient, scratchpad: workspace.scratchpad,
        [
          x.argument(DNNL_ARG_SRC, values), y.argument(DNNL_ARG_DIFF_DST, gradients),
          (DNNL_ARG_DIFF_WEIGHTS, unpacker.layout, unpacker.address(for: target)),
        ] + (try biasArgument(DNNL_ARG_DIFF_BIAS, at: target - offset)))
      return [try x.load(values), try y.load(gradients), product, try unpacker.call(to: target, workspace)]
        .compactMap { $0 }
    }
    unpacker.release(workspace)
    for tensor in [x, y] { tensor.release() }
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
