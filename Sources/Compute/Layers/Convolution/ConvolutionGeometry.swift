internal import COneDNN
import Diagnostics

/// Sizes of a convolution in oneDNN's terms.
struct ConvolutionGeometry {
  /// PyTorch's weight shape; with several groups their number comes first and the output channels are those of a group.
  /// In memory both are the same.
  let weightShape: [Int]
  let windows: Windows
  /// The channels of the output where there is a bias.
  let bias: Int?
  /// Spatial extents of the output.
  let output: [Int]
  /// What was chosen for a direction, instead of `ConvolutionAlgorithm`'s rule.
  var method: ConvolutionMethod?

  /// The part of Winograd's 4×4 output tiles that lies inside the output: 1 on 28×28, 0.77 on 7×7, 0.06 on 1×1.
  private var tileUse: Double {
    output.reduce(1) { $0 * Double($1) / Double(($1 + 3) / 4 * 4) }
  }

  /// Whether Winograd's F(4×4, 3×3) applies and is known to pay: `auto` wants at least 64 channels on both sides, and
  /// most of the tiles in use, since it computes whole tiles at 1.6 to 2.5 times the direct kernels' rate.
  func allowsWinograd(_ algorithm: ConvolutionAlgorithm) -> Bool {
    if let method { return method == .winograd && algorithm != .direct }
    // Four dimensions: two directions in space and one group.
    guard algorithm != .direct, weightShape.count == 4, windows.kernel == [3, 3], windows.stride == [1, 1],
      windows.dilation == [1, 1]
    else { return false }
    let (least, use) = algorithm == .winograd ? (16, 0) : (64, 0.6)
    return tileUse >= use && weightShape[0] >= least && weightShape[1] >= least && OneDNN.shared.channelBlock == 16
  }

  /// Whether oneDNN's own kernels may compute the weight gradient for an input of these spatial extents: those of
  /// version 2.6 give wrong numbers or crash on some shallow ones.
  ///
  /// In float32 only volumes are affected: in depth a stride above 1, a padding above the stride and an extent below
  /// kernel and padding together cover all 53 failures that a search over small extents, kernels up to 7 and strides up
  /// to 3 found against matrix products, and those among 3000 random shapes. In bf16, in any direction, two cases cover
  /// all 700 failures among 16,000 random shapes: a window above extent and padding together; with a stride above 1,
  /// windows that reach beyond the end, where the extent is below window and padding or positions are fewer than three.
  func allowsWeightGradientKernels(_ input: [Int], _ element: TensorShape.Element) -> Bool {
    let reach = windows.reach
    let directions = input.indices.map { i in
      (extent: input[i], window: reach[i], stride: windows.stride[i], padding: windows.padding[i], output: output[i])
    }
    if element == .bfloat16 {
      return directions.allSatisfy {
        let end = ($0.output - 1) * $0.stride + $0.window - $0.padding
        let isDeep = $0.output >= 3 && $0.extent >= $0.window + $0.padding
        return $0.window <= $0.extent + $0.padding && ($0.stride == 1 || end <= $0.extent || isDeep)
      }
    }
    let depth = directions[0]
    return input.count < 3 || depth.stride == 1 || depth.padding <= depth.stride
      || depth.extent >= depth.window + depth.padding
  }

  // MARK: Primitives

  /// Makes a primitive for given layouts of x and y, with Winograd's algorithm where that is wanted and exists for the
  /// shape, else with the direct one.
  ///
  /// - Parameter hint: the forward primitive, for a gradient.
  func primitive(
    _ direction: KernelDirection, _ x: MemoryDescriptor, _ y: MemoryDescriptor, _ algorithm: ConvolutionAlgorithm,
    hint: Primitive? = nil
  ) throws -> Primitive {
    if x.element == .float32, allowsWinograd(algorithm),
      let winograd = try? make(direction, x, y, dnnl_convolution_winograd, hint)
    {
      return winograd
    }
    return try make(direction, x, y, dnnl_convolution_direct, hint)
  }

  private func make(
    _ direction: KernelDirection, _ x: MemoryDescriptor, _ y: MemoryDescriptor, _ kind: dnnl_alg_kind_t,
    _ hint: Primitive?
  ) throws -> Primitive {
    var operation = dnnl_convolution_desc_t()
    // The gradient of the weights goes to the float32 arena.
    let weightElement = direction == .weightGradient ? .float32 : x.element
    var (x, w, y) = (x.raw, try MemoryDescriptor.any(weightShape, weightElement).raw, y.raw)
    var bias = try MemoryDescriptor.plain([self.bias ?? 1]).raw
    let (strides, gaps, paddings) = (windows.strides, windows.gaps, windows.paddings)
    let status = withUnsafePointer(to: &bias) { bias in
      switch direction {
      case .forward:
        dnnl_dilated_convolution_forward_desc_init(
          &operation, dnnl_forward_training, kind, &x, &w, self.bias == nil ? nil : bias, &y, strides, gaps, paddings,
          paddings)
      case .dataGradient:
        dnnl_dilated_convolution_backward_data_desc_init(
          &operation, kind, &x, &w, &y, strides, gaps, paddings, paddings)
      case .weightGradient:
        // The bias's gradient is summed in double precision elsewhere.
        dnnl_dilated_convolution_backward_weights_desc_init(
          &operation, kind, &x, &w, nil, &y, strides, gaps, paddings, paddings)
      }
    }
    let name = direction.name(of: "a convolution")
    try OneDNN.check("describing \(name)", status)
    return try Primitive(name, operation: &operation, hint: hint)
  }
}
