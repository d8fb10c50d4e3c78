import COneDNN
import Diagnostics
import Tensors

/// How 3×3 convolutions are computed.
public enum ConvolutionAlgorithm: Sendable {
  /// Winograd where it is known to be faster, else direct.
  case auto
  case direct
  case winograd
}

/// A 2-D or 3-D convolution without bias (PyTorch's `Conv2d`/`Conv3d(bias=False)`), through oneDNN.
///
/// Input samples × inputChannels × spatial; output samples × outputChannels × ⌊(spatial + 2·padding − kernel)/stride⌋ +
/// 1, in channel blocks. Weight outputChannels × inputChannels × kernel. Initialised as torchvision's ResNets are:
/// normal, deviation √(2 / (outputChannels · kernel volume)) (He et al., fan out).
public final class Convolution: Layer, WeightGradientOwner {
  public let inputChannels: Int
  public let outputChannels: Int
  public let kernel: [Int]
  public let stride: Int
  public let padding: Int
  /// False for a network's first layer: the gradient with respect to the data is not computed.
  public let needsInputGradient: Bool
  public let parameters: [ParameterSpec]

  private var input: Activation!
  private var output: Activation!
  private var source: ConvolutionSource!
  private var pass: ConvolutionForward!
  private var dataGradient: ConvolutionDataGradient?
  private var weightGradient: ConvolutionWeightGradient!
  private weak var workspace: Workspace!

  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, kernel: [Int], stride: Int = 1, padding: Int,
    needsInputGradient: Bool = true
  ) {
    (self.inputChannels, self.outputChannels, self.kernel) = (inputChannels, outputChannels, kernel)
    (self.stride, self.padding, self.needsInputGradient) = (stride, padding, needsInputGradient)
    let fanOut = Double(outputChannels * kernel.reduce(1, *))
    parameters = [
      ParameterSpec(
        name: name + ".weight", shape: [outputChannels, inputChannels] + kernel,
        initialization: .normal(deviation: (2 / fanOut).squareRoot()))
    ]
  }

  public var kind: String {
    "Convolution " + kernel.map(String.init).joined(separator: "×") + (stride == 1 ? "" : ", stride \(stride)")
  }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, self.workspace) = (input, workspace)
    let extents = zip(input.shape.spatial, kernel)
    guard input.shape.channels == inputChannels, input.shape.spatial.count == kernel.count,
      extents.allSatisfy({ $0 + 2 * padding >= $1 })
    else {
      throw Failure(
        .usage, "the input does not fit this convolution", at: parameters[0].name,
        expected: "\(inputChannels) channels and spatial extents that a kernel of \(kernel) fits into",
        found: input.shape.description, remedy: "give larger images, or --stem small")
    }
    let shape = TensorShape(
      samples: input.shape.samples, channels: outputChannels,
      spatial: extents.map { ($0 + 2 * padding - $1) / stride + 1 },
      layout: .blocked(width: OneDNN.shared.channelBlock))
    output = workspace.activation(shape)
    workspace.count(
      multiplyAdds: parameters[0].shape.reduce(shape.plane, *), needsInputGradient: needsInputGradient)
    source = try ConvolutionSource(input, for: geometry, output: shape, workspace)
    pass = try ConvolutionForward(geometry, source: source, output: output, weight: parameters[0], workspace)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    if needsInputGradient {
      input.gradients = workspace.gradientBuffers(input.shape)
      dataGradient = try ConvolutionDataGradient(
        geometry, input: input, output: output, weight: parameters[0], forward: pass, workspace)
    }
    // Later than the data gradient, as it runs: its working memory must not lie in the data gradient.
    weightGradient = try ConvolutionWeightGradient(
      geometry, source: source, output: output, weight: parameters[0], forward: pass, workspace)
    workspace.release(output)
  }

  public func forward() throws {
    try source.prepare()
    try pass.run()
  }

  public func backward() throws {
    try dataGradient?.run()
    try workspace.postpone(self)
  }

  func computeWeightGradient() throws {
    try weightGradient.run()
    try workspace.completed(weightGradient.sum)
  }

  private var geometry: ConvolutionGeometry {
    ConvolutionGeometry(
      weightShape: parameters[0].shape, strides: kernel.map { _ in dnnl_dim_t(stride) },
      paddings: kernel.map { _ in dnnl_dim_t(padding) }, output: output.shape.spatial)
  }
}
