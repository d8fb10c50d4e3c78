internal import COneDNN
import Tensors

/// oneDNN's inner products for a linear layer: y = x·wᵀ + b and its gradients.
struct InnerProduct {
  let layer: WeightedLayer

  /// The kernel of one direction, on the weight as it lies in the arena or in the layout that oneDNN likes best.
  ///
  /// - Parameter forward: the kernel of the forward pass, where that is an inner product, for a gradient.
  func kernel(_ direction: KernelDirection, _ method: LinearMethod, forward: LayerKernel? = nil) throws -> LayerKernel {
    let (element, shape) = (layer.workspace.element, layer.parameters[0].shape)
    let (samples, outputs, inputs) = (layer.inputShape.samples, shape[0], shape[1])
    let x = try MemoryDescriptor.plain([samples, inputs], element)
    // Products take both factors in one element type; the result may have another.
    let y =
      try direction == .forward ? MemoryDescriptor(layer.output.shape) : .plain([samples, outputs], element)
    // The gradient of the weights goes to the float32 arena.
    let weightElement = direction == .weightGradient ? .float32 : element
    let weight = try method == .plainInnerProduct ? MemoryDescriptor.plain(shape) : .any(shape, weightElement)
    let hint =
      try direction == .forward ? nil : forward?.primitive ?? kernel(.forward, .innerProduct).primitive
    let primitive = try make(direction, x, weight, y, hint)
    return LayerKernel(primitive: primitive, input: x, output: y, weightShape: shape)
  }

  private func make(
    _ direction: KernelDirection, _ x: MemoryDescriptor, _ w: MemoryDescriptor, _ y: MemoryDescriptor,
    _ hint: Primitive?
  ) throws -> Primitive {
    var operation = dnnl_inner_product_desc_t()
    var (x, w, y) = (x.raw, w.raw, y.raw)
    let hasBias = layer.parameters.count > 1
    var bias = try MemoryDescriptor.plain([layer.parameters[0].shape[0]]).raw
    let status = withUnsafePointer(to: &bias) { bias in
      let bias = hasBias ? bias : nil
      return switch direction {
      case .forward: dnnl_inner_product_forward_desc_init(&operation, dnnl_forward_training, &x, &w, bias, &y)
      case .dataGradient: dnnl_inner_product_backward_data_desc_init(&operation, &x, &w, &y)
      case .weightGradient: dnnl_inner_product_backward_weights_desc_init(&operation, &x, &w, bias, &y)
      }
    }
    let name = direction.name(of: "an inner product")
    try OneDNN.check("describing \(name)", status)
    return try Primitive(name, operation: &operation, hint: hint)
  }
}
