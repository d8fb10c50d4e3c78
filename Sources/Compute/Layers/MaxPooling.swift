import Diagnostics
import Tensors

/// The maximum over windows (PyTorch's `MaxPool2d/3d`). Padding counts as −∞.
///
/// Output extents are ⌊(spatial + 2·padding − window)/stride⌋ + 1. Among equal maxima the first in C order gets the
/// gradient. What is not a number wins, as in PyTorch.
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
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  /// The same in every direction.
  public convenience init(window: Int, stride: Int, padding: Int) {
    self.init(window: [window], stride: [stride], padding: [padding])
  }

  public var kind: String { "MaxPooling \(sizeText(window)), stride \(sizeText(stride))" }

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    try validate(input.shape)
    var shape = input.shape
    let (window, stride, padding) = (each(window), each(stride), each(padding))
    shape.spatial = shape.spatial.indices.map {
      (shape.spatial[$0] + 2 * padding[$0] - window[$0]) / stride[$0] + 1
    }
    output = workspace.activation(shape)
    kernel = MaxPoolingKernel(
      input: input.shape, output: shape,
      ConvolutionWindows(
        shape.spatial.indices.map {
          ConvolutionWindows.Axis(
            input: input.shape.spatial[$0], output: shape.spatial[$0], kernel: window[$0], stride: stride[$0],
            padding: padding[$0])
        }))
    choices = workspace.isTraining ? input.values.map { _ in AlignedBuffer(shape.count) } : []
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = workspace.gradientBuffers(input.shape)
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

  /// One entry for each spatial direction of the input.
  private func each(_ sizes: [Int]) -> [Int] {
    sizes.count == 1 ? input.shape.spatial.map { _ in sizes[0] } : sizes
  }

  private func validate(_ input: TensorShape) throws {
    let directions = input.spatial.count
    let counts = [1, directions]
    guard 2...3 ~= directions, [window, stride, padding].allSatisfy({ counts.contains($0.count) }),
      // The upper bound keeps every product far from an overflow.
      (window + stride).allSatisfy((1...1 << 24).contains),
      zip(each(window), each(padding)).allSatisfy({ 0...$0 / 2 ~= $1 }),
      // Places in a window are kept in 16 bits.
      each(window).reduce(1.0, { $0 * Double($1) }) <= 65536
    else {
      throw Failure(
        .usage, "the sizes of max pooling make no sense for \(input)",
        expected:
          "window, stride and padding of 1 number or 1 for each direction, at least 1, padding 0 to half a window, "
          + "at most 65536 positions in a window",
        found: "window \(window), stride \(stride), padding \(padding)",
        remedy: "give one number for each direction of the images")
    }
    guard zip(input.spatial, zip(each(window), each(padding))).allSatisfy({ $0 + 2 * $1.1 >= $1.0 }) else {
      let least = zip(each(window), each(padding)).map { $0 - 2 * $1 }
      throw Failure(
        .usage, "the images are too small for max pooling",
        expected: "at least \(least.map(String.init).joined(separator: "×"))",
        found: input.description, remedy: "give larger images, or --stem small")
    }
  }
}
