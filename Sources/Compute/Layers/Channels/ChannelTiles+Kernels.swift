import Tensors

/// Per-channel values of one view in one shard's kernels: `paddedChannels` numbers for each view, zero in the padding.
package struct ChannelValues {
  let pointer: UnsafeMutablePointer<Float>
  let stride: Int

  package init(_ buffer: AlignedBuffer<Float>, _ tiles: ChannelTiles) {
    (pointer, stride) = (buffer.pointer, tiles.paddedChannels)
  }

  @inline(__always)
  func vector<V: FloatVector>(_: V.Type, _ tile: ChannelTiles.Tile, _ width: Int) -> V {
    UnsafeRawPointer(pointer + tile.view * stride + tile.block * width).loadUnaligned(as: V.self)
  }
}

/// Tensors are given by their addresses; they hold numbers of the shape's element type.
extension ChannelTiles {
  // MARK: Moments

  /// Σx and Σx² of every channel in every view: `sums[(view · channels + channel) · 2 + {0, 1}]`.
  ///
  /// Deviations from the tile's first element are summed, so that large means cost no precision.
  package func moments(
    _ x: UnsafeRawPointer, partials: UnsafeMutablePointer<Double>, sums: UnsafeMutablePointer<Double>
  ) {
    kernels.moments(self, x, partials)
    combine(partials, into: sums)
  }

  // MARK: Normalisation

  /// y = (x − mean) · scale + shift (+ addend), rectified if asked. `y` may be `x`.
  package func normalise(
    _ x: UnsafeRawPointer, into y: UnsafeMutableRawPointer, mean: ChannelValues, scale: ChannelValues,
    shift: ChannelValues?, addend: UnsafeRawPointer? = nil, rectify: Bool = false
  ) {
    kernels.normalise(self, x, y, mean, scale, shift, addend, rectify)
  }

  // MARK: Backward

  /// How a gradient is masked by the ReLU after the normalisation.
  package enum Mask {
    case none
    /// The ReLU's output is recomputed from x: positive where (x − mean) · scale + shift is.
    case recomputed(scale: ChannelValues, shift: ChannelValues)
    /// The ReLU's output is given; the masked gradient is written back.
    case output(UnsafeRawPointer)
  }

  /// Σg and Σg·(x − mean) of every channel in every view, where g is the masked gradient.
  package func gradientSums(
    _ gradient: UnsafeMutableRawPointer, _ x: UnsafeRawPointer, mean: ChannelValues, mask: Mask,
    partials: UnsafeMutablePointer<Double>, sums: UnsafeMutablePointer<Double>
  ) {
    kernels.gradientSums(self, gradient, x, mean, mask, partials)
    combine(partials, into: sums)
  }

  /// ∂L/∂x = a · g − b − (x − mean) · c, with g masked as in `gradientSums` (`.output` was applied there already).
  /// `result` may be `gradient`.
  package func inputGradient(
    _ gradient: UnsafeRawPointer, _ x: UnsafeRawPointer, into result: UnsafeMutableRawPointer,
    mean: ChannelValues, a: ChannelValues, b: ChannelValues, c: ChannelValues, mask: Mask
  ) {
    kernels.inputGradient(self, gradient, x, result, mean, a, b, c, mask)
  }

  /// The kernels for this block width and the shape's element type.
  private var kernels: any TileKernels.Type {
    switch shape.element {
    case .float32: width == 16 ? WideKernels.self : NarrowKernels.self
    case .bfloat16: width == 16 ? WideBFloat16Kernels.self : NarrowBFloat16Kernels.self
    }
  }
}
