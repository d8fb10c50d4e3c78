import Diagnostics
import Tensors

/// The maximum over windows (PyTorch's `MaxPool2d/3d`). Padding counts as −∞.
///
/// Output extents are ⌊(spatial + 2·padding − window)/stride⌋ + 1. Among equal maxima the first in C order gets the
/// gradient. NaN wins, as in PyTorch.
public final class MaxPooling: Layer {
  public let parameters: [ParameterSpec] = []
  /// One entry for each spatial direction, or one for all, as in `stride` and `padding`.
  public let window: [Int]
  public let stride: [Int]
  public let padding: [Int]
  private var input: Activation!
  private var output: Activation!
  private var kernel: MaxPoolingKernel!
  /// For each element of the output, where in its window the maximum is.
  private var choices: [AlignedBuffer<UInt16>] = []

  /// Sizes that do not fit together are a usage failure when the layer is planned.
  public init(window: [Int], stride: [Int], padding: [Int]) {
    self.window = window
    self.stride = stride
    self.padding = padding
  }

  /// The same in every direction.
  public convenience init(window: Int, stride: Int, padding: Int) {
    self.init(window: [window], stride: [stride], padding: [padding])
  }

  public var kind: String { "MaxPooling \(sizeText(window)), stride \(sizeText(stride))" }

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    let (windows, extents) = try Windows.pooling(
      "max pooling", window: window, stride: stride, padding: padding, over: input.shape)
    // Places in a window are kept in 16 bits.
    guard windows.kernel.reduce(1.0, { $0 * Double($1) }) <= 65536 else {
      throw Failure(
        .usage, "the windows of max pooling are too large", expected: "at most 65536 positions", found: "\(window)")
    }
    var shape = input.shape
    shape.spatial = extents
    output = try workspace.activation(shape)
    kernel = try MaxPoolingKernel(
      input: input.shape, output: shape, ConvolutionWindows(windows, over: input.shape.spatial, output: extents))
    choices = workspace.isTraining ? try input.values.map { _ in try AlignedBuffer(shape.count) } : []
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = try workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  public var letsInputGo: Bool { true }

  public func forward() {
    for shard in input.values.indices {
      kernel.forward(
        input.values[shard], to: output.values[shard],
        choices: choices.isEmpty ? nil : choices[shard].pointer)
    }
  }

  public func backward() {
    for shard in input.gradients.indices {
      kernel.backward(
        output.gradients[shard], choices: choices[shard].pointer, to: input.gradients[shard])
    }
  }
}
