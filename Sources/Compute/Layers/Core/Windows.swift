internal import COneDNN
import Diagnostics

/// Windows that move over images: the kernel of a convolution, or what a pooling looks at. One entry per direction.
package struct Windows: Equatable, Sendable {
  package let kernel: [Int]
  package let stride: [Int]
  package let padding: [Int]
  package let dilation: [Int]

  /// Above every size, so that products of sizes stay far from overflow.
  private static let limit = 1 << 24

  /// nil unless there are equally many sizes of each kind, at least 1, and paddings of at least 0.
  ///
  /// - Parameter dilation: one in each direction if not given.
  package init?(kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation ?? kernel.map { _ in 1 }
    guard !kernel.isEmpty, [stride, padding, self.dilation].allSatisfy({ $0.count == kernel.count }),
      (kernel + stride + self.dilation).allSatisfy((1...Self.limit).contains),
      padding.allSatisfy((0..<Self.limit).contains)
    else { return nil }
  }

  /// Extents of a window, with the gaps of its dilation.
  package var reach: [Int] { zip(kernel, dilation).map { $1 * ($0 - 1) + 1 } }

  /// PyTorch's rule for pooling: no window lies in the padding alone.
  package var padsAtMostHalf: Bool { zip(kernel, padding).allSatisfy { $1 <= $0 / 2 } }

  /// The smallest images that a window fits into.
  package var leastExtents: [Int] { zip(reach, padding).map { max(1, $0 - 2 * $1) } }

  /// Extents of the output, ⌊(extent + 2·padding − reach)/stride⌋ + 1; nil where a window does not fit into the images.
  package func output(over extents: [Int]) -> [Int]? {
    let reach = reach
    guard extents.count == kernel.count, zip(extents, leastExtents).allSatisfy({ $0 >= $1 }) else { return nil }
    return extents.indices.map { (extents[$0] + 2 * padding[$0] - reach[$0]) / stride[$0] + 1 }
  }
}

extension Windows {
  /// The windows of a pooling, and the extents of its output.
  ///
  /// - Parameter name: of the pooling, in failures.
  /// - Parameter window: one number for each direction of the input, or one for all, like `stride` and `padding`.
  static func pooling(
    _ name: String, window: [Int], stride: [Int], padding: [Int], over input: TensorShape
  ) throws(Failure) -> (windows: Windows, output: [Int]) {
    func all(_ sizes: [Int]) -> [Int] { sizes.count == 1 ? input.spatial.map { _ in sizes[0] } : sizes }
    guard let windows = Windows(kernel: all(window), stride: all(stride), padding: all(padding)),
      windows.kernel.count == input.spatial.count, windows.padsAtMostHalf
    else {
      throw Failure(
        .usage, "the sizes of \(name) make no sense for \(input)",
        expected:
          "window, stride and padding of 1 number or 1 for each direction, at least 1, padding 0 to half a window",
        found: "window \(window), stride \(stride), padding \(padding)",
        remedy: "give one number for each direction of the images")
    }
    guard let output = windows.output(over: input.spatial) else {
      throw Failure(
        .usage, "the images are too small for \(name)",
        expected: "at least \(windows.leastExtents.map(String.init).joined(separator: "×"))", found: input.description,
        remedy: "give larger images, or choose a smaller window or \(option: "stem") small")
    }
    return (windows, output)
  }

  /// As oneDNN takes a kernel without dilation.
  var extents: [dnnl_dim_t] { kernel.map { dnnl_dim_t($0) } }
  /// As oneDNN takes the rest.
  var strides: [dnnl_dim_t] { stride.map { dnnl_dim_t($0) } }
  var paddings: [dnnl_dim_t] { padding.map { dnnl_dim_t($0) } }
  /// Positions left out between two of the kernel.
  var gaps: [dnnl_dim_t] { dilation.map { dnnl_dim_t($0 - 1) } }
}
