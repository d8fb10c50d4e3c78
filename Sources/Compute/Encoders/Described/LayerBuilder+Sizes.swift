import Diagnostics
import Layers

/// Sizes of layers that look through windows, checked against the images.
extension LayerBuilder {
  func requireImages() throws(Failure) {
    guard shape.spatial.isEmpty else { return }
    throw Failure(
      .usage, "the layer takes images or volumes", at: place, expected: "channels and 2 or 3 extents",
      found: "\(shape.channels.counted("feature")) without extents",
      remedy: "put it before the layer that makes rows of the images")
  }

  /// A size for each direction of the images.
  func sizes(_ sizes: AxisSizes, _ key: String) throws(Failure) -> [Int] {
    guard let result = sizes.sizes(shape.spatial.count) else {
      throw Failure(
        .usage, "\(key) is for another number of directions", at: place,
        expected: "one number, or \(shape.spatial.count) for \(shape), without the channels", found: "\(sizes)")
    }
    return result
  }

  func windows(kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil) throws(Failure) -> Windows {
    guard let windows = Windows(kernel: kernel, stride: stride, padding: padding, dilation: dilation) else {
      throw Failure(
        .usage, "the sizes of this layer make no sense", at: place, expected: "sizes of at least 1 (padding: 0)",
        found: "kernel \(text(kernel)), stride \(text(stride)), padding \(text(padding))"
          + (dilation.map { ", dilation \(text($0))" } ?? ""))
    }
    return windows
  }

  /// The extents that a layer's windows make of the images; `what` is their name in a message.
  func output(of windows: Windows, _ what: String) throws(Failure) -> [Int] {
    guard let output = windows.output(over: shape.spatial) else {
      throw Failure(
        .usage, "the \(what) does not fit into the images", at: place,
        expected: "extents of at least \(text(windows.leastExtents))", found: text(shape.spatial),
        remedy: "give a smaller \(what), padding, or fewer strides before it")
    }
    return output
  }

  /// `3×3`
  func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "×") }
}
