import Diagnostics
import Tensors

/// A 2-D or 3-D convolution (PyTorch's `Conv2d` and `Conv3d`), through oneDNN.
///
/// Input samples × inputChannels × spatial; output samples × outputChannels × ⌊(spatial + 2·padding − dilation·(kernel
/// − 1) − 1)/stride⌋ + 1, in channel blocks. With G groups, each of G runs of neighbouring output channels sees its own
/// inputChannels/G input channels. Weight outputChannels × inputChannels/G × kernel, bias outputChannels.
/// Kernel, stride, padding and dilation have one entry for each spatial direction.
public final class Convolution: TunableLayer, WeightGradientOwner {
  /// The distribution of the initial weights. A bias is always uniform in ±1/√(inputs of one output).
  public enum Initialization: Sendable {
    /// Normal, deviation √(2 / (outputChannels · kernel volume)): He et al. 2015, fan out; torchvision's ResNets.
    case heNormal
    /// Normal, deviation √(2 / (inputChannels/groups · kernel volume)): He et al. 2015, fan in; DenseNets.
    case heNormalFanIn
    /// Uniform in ±1/√(inputChannels/groups · kernel volume): PyTorch's default.
    case uniform
  }

  public let inputChannels: Int
  public let outputChannels: Int
  public let kernel: [Int]
  public let stride: [Int]
  public let padding: [Int]
  public let dilation: [Int]
  public let groups: Int
  /// False for a network's first layer: the gradient with respect to the data is not computed.
  public let needsInputGradient: Bool
  /// The weight and, where there is one, the bias.
  public let parameters: [ParameterSpec]

  private var input: Activation!
  private var output: Activation!
  private var windows: Windows!
  private(set) var passes: LayerPasses!
  private weak var workspace: Workspace!

  /// - Parameter dilation: one in each direction if not given.
  ///
  /// Sizes that do not fit together are a usage failure when the layer is planned.
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, kernel: [Int], stride: [Int], padding: [Int],
    dilation: [Int]? = nil, groups: Int = 1, bias: Bool = false, initialization: Initialization = .heNormal,
    needsInputGradient: Bool = true
  ) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    (self.dilation, self.needsInputGradient) = (dilation ?? kernel.map { _ in 1 }, needsInputGradient)
    let groupInputs = max(1, inputChannels / max(1, groups))
    let volume = kernel.reduce(1) { $0 * Double($1) }
    let fanIn = Double(groupInputs) * volume
    let uniform = ParameterSpec.Initialization.uniform(bound: 1 / fanIn.squareRoot())
    let distribution: ParameterSpec.Initialization =
      switch initialization {
      case .heNormal: .normal(deviation: (2 / (Double(outputChannels) * volume)).squareRoot())
      case .heNormalFanIn: .normal(deviation: (2 / fanIn).squareRoot())
      case .uniform: uniform
      }
    let weight = ParameterSpec(
      name: name + ".weight", shape: [outputChannels, groupInputs] + kernel, initialization: distribution)
    let shift = ParameterSpec(name: name + ".bias", shape: [outputChannels], initialization: uniform)
    parameters = bias ? [weight, shift] : [weight]
  }

  /// The same stride, padding and dilation in every direction.
  public convenience init(
    _ name: String, inputChannels: Int, outputChannels: Int, kernel: [Int], stride: Int = 1, padding: Int,
    dilation: Int = 1, groups: Int = 1, bias: Bool = false, initialization: Initialization = .heNormal,
    needsInputGradient: Bool = true
  ) {
    self.init(
      name, inputChannels: inputChannels, outputChannels: outputChannels, kernel: kernel,
      stride: kernel.map { _ in stride }, padding: kernel.map { _ in padding }, dilation: kernel.map { _ in dilation },
      groups: groups, bias: bias, initialization: initialization, needsInputGradient: needsInputGradient)
  }

  public var kind: String {
    let details = [
      stride.allSatisfy { $0 == 1 } ? "" : ", stride \(sizeText(stride))",
      dilation.allSatisfy { $0 == 1 } ? "" : ", dilation \(sizeText(dilation))",
      groups == 1 ? "" : ", groups \(groups)",
    ]
    return "Convolution " + kernel.map(String.init).joined(separator: "×") + details.joined()
  }

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, self.workspace) = (input, workspace)
    let (windows, extents) = try fitWindows(to: input.shape)
    self.windows = windows
    let shape = TensorShape(
      samples: input.shape.samples, channels: outputChannels, spatial: extents,
      layout: .blocked(width: OneDNN.shared.channelBlock), element: workspace.element)
    output = try workspace.activation(shape)
    output.isConsumable = true
    workspace.count(
      multiplyAdds: parameters[0].shape.reduce(shape.plane, *), needsInputGradient: needsInputGradient)
    passes = try LayerPasses(plan)
    return output
  }

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

  private var plan: ConvolutionPlan {
    ConvolutionPlan(
      layer: WeightedLayer(
        layer: self, input: input, inputShape: input.shape, output: output, workspace: workspace),
      geometry: geometry)
  }

  private var geometry: ConvolutionGeometry {
    let shape = parameters[0].shape
    return ConvolutionGeometry(
      weightShape: groups == 1 ? shape : [groups, outputChannels / groups] + shape.dropFirst(), windows: windows,
      bias: parameters.count > 1 ? outputChannels : nil, output: output.shape.spatial)
  }
}

extension Convolution {
  /// The windows, and the extents of the output, of an input that has the layer's channels and is large enough.
  private func fitWindows(to input: TensorShape) throws -> (Windows, output: [Int]) {
    let name = parameters[0].name
    guard 2...3 ~= kernel.count,
      let windows = Windows(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    else {
      throw Failure(
        .usage, "this convolution's sizes make no sense", at: name,
        expected: "kernel, stride, padding and dilation of 2 or 3 numbers each, at least 1 (padding: 0)",
        found: "kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation)",
        remedy: "give one number for each direction of the images")
    }
    guard groups > 0, inputChannels > 0, outputChannels > 0, inputChannels % groups == 0, outputChannels % groups == 0
    else {
      throw Failure(
        .usage, "this convolution's channels cannot be divided into its groups", at: name,
        expected: "numbers of channels divisible by \(groups)",
        found: "\(inputChannels) channels in, \(outputChannels) out, \(groups) groups",
        remedy: "choose groups that divide both, or 1")
    }
    guard input.channels == inputChannels, let output = windows.output(over: input.spatial) else {
      let dilated = windows.reach == kernel ? "" : " with dilation \(dilation)"
      throw Failure(
        .usage, "the input does not fit this convolution", at: name,
        expected: "\(inputChannels) channels and spatial extents that a kernel of \(kernel)\(dilated) fits into",
        found: input.description, remedy: "give larger images, or choose a smaller kernel or \(option: "stem") small")
    }
    return (windows, output)
  }
}
