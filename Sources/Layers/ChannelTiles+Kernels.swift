import CVector
import Tensors

/// Per-channel values of one view in one shard's kernels: `paddedChannels` numbers for each view, zero in the padding.
public struct ChannelValues {
  let pointer: UnsafeMutablePointer<Float>
  let stride: Int

  public init(_ buffer: AlignedBuffer<Float>, _ tiles: ChannelTiles) {
    (pointer, stride) = (buffer.pointer, tiles.paddedChannels)
  }

  @inline(__always)
  func vector<V: FloatVector>(_: V.Type, _ tile: ChannelTiles.Tile, _ width: Int) -> V {
    UnsafeRawPointer(pointer + tile.view * stride + tile.block * width).loadUnaligned(as: V.self)
  }
}

extension ChannelTiles {
  /// Vectors summed in single precision before they are added to a double.
  private static let run = 256

  /// Visits the tile's vectors in memory order: `body(offset)`; `flush` after at most `run` vectors.
  @inline(__always)
  private func forEachVector(_ tile: Tile, _ body: (Int) -> Void, flush: () -> Void = {}) {
    let plane = shape.plane
    for sample in 0..<tile.samples {
      var offset = tile.offset + sample * shape.sampleStride
      var position = 0
      while position < plane {
        let end = min(plane, position + Self.run)
        while position < end {
          body(offset)
          offset += width
          position += 1
        }
        if plane >= Self.run { flush() }
      }
    }
    if plane < Self.run { flush() }
  }

  @inline(__always)
  private func accumulate<V: FloatVector>(_ vector: inout V, into sums: UnsafeMutablePointer<Double>) {
    for lane in 0..<V.scalarCount { sums[lane] += Double(vector[lane]) }
    vector = .zero
  }

  // MARK: Moments

  /// Σx and Σx² of every channel in every view: `sums[(view · channels + channel) · 2 + {0, 1}]`.
  ///
  /// Deviations from the tile's first element are summed, so that large means cost no precision.
  public func moments(
    _ x: UnsafePointer<Float>, partials: UnsafeMutablePointer<Double>, sums: UnsafeMutablePointer<Double>
  ) {
    withVector({ moments($0, x, partials) }, { moments($0, x, partials) })
    combine(partials, into: sums)
  }

  @inline(__always)
  private func moments<V: FloatVector>(_: V.Type, _ x: UnsafePointer<Float>, _ partials: UnsafeMutablePointer<Double>) {
    forEachTile { index, tile in
      let part = partials + index * 2 * width
      for i in 0..<2 * width { part[i] = 0 }
      @inline(__always)
      func work(full: Bool) {
        let origin = V.load(x + tile.offset, full: full, lanes: tile.lanes)
        var (sum, squares) = (V.zero, V.zero)
        // A single stream that is only read does not reach the memory's bandwidth without. Far images do not lie ahead.
        let ahead = shape.plane >= 64 ? ReadAhead.distance : 0
        forEachVector(tile) { offset in
          bt_prefetch(x + offset + ahead)
          let deviation = V.load(x + offset, full: full, lanes: tile.lanes) - origin
          sum += deviation
          squares.addProduct(deviation, deviation)
        } flush: {
          accumulate(&sum, into: part)
          accumulate(&squares, into: part + width)
        }
        let n = Double(tile.samples * shape.plane)
        for lane in 0..<width {
          let (o, s) = (Double(origin[lane]), part[lane])
          part[width + lane] += 2 * o * s + n * o * o
          part[lane] = s + n * o
        }
      }
      if tile.lanes == width { work(full: true) } else { work(full: false) }
    }
  }

  // MARK: Normalisation

  /// y = (x − mean) · scale + shift (+ addend), rectified if asked. `y` may be `x`.
  public func normalise(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, mean: ChannelValues, scale: ChannelValues,
    shift: ChannelValues?, addend: UnsafePointer<Float>? = nil, rectify: Bool = false
  ) {
    withVector(
      { normalise($0, x, y, mean, scale, shift, addend, rectify) },
      { normalise($0, x, y, mean, scale, shift, addend, rectify) })
  }

  @inline(__always)
  private func normalise<V: FloatVector>(
    _: V.Type, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ mean: ChannelValues,
    _ scale: ChannelValues, _ shift: ChannelValues?, _ addend: UnsafePointer<Float>?, _ rectify: Bool
  ) {
    forEachTile { _, tile in
      let mean = mean.vector(V.self, tile, width)
      let scale = scale.vector(V.self, tile, width)
      let shift = shift?.vector(V.self, tile, width) ?? .zero
      @inline(__always)
      func work(full: Bool) {
        forEachVector(tile) { offset in
          var value = shift.addingProduct(V.load(x + offset, full: full, lanes: tile.lanes) - mean, scale)
          if let addend { value += V.load(addend + offset, full: full, lanes: tile.lanes) }
          if rectify { value = value.rectified }
          value.store(y + offset, full: full, lanes: tile.lanes)
        }
      }
      if tile.lanes == width { work(full: true) } else { work(full: false) }
    }
  }

  // MARK: Backward

  /// How a gradient is masked by the ReLU behind the normalisation.
  public enum Mask {
    case none
    /// The ReLU's output is recomputed from x: positive where (x − mean) · scale + shift is.
    case recomputed(scale: ChannelValues, shift: ChannelValues)
    /// The ReLU's output is given; the masked gradient is written back.
    case output(UnsafePointer<Float>)
  }

  /// Σg and Σg·(x − mean) of every channel in every view, where g is the masked gradient.
  public func gradientSums(
    _ gradient: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, mean: ChannelValues, mask: Mask,
    partials: UnsafeMutablePointer<Double>, sums: UnsafeMutablePointer<Double>
  ) {
    withVector(
      { gradientSums($0, gradient, x, mean, mask, partials) }, { gradientSums($0, gradient, x, mean, mask, partials) })
    combine(partials, into: sums)
  }

  @inline(__always)
  private func gradientSums<V: FloatVector>(
    _: V.Type, _ gradient: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ mean: ChannelValues, _ mask: Mask,
    _ partials: UnsafeMutablePointer<Double>
  ) {
    forEachTile { index, tile in
      let part = partials + index * 2 * width
      for i in 0..<2 * width { part[i] = 0 }
      let mean = mean.vector(V.self, tile, width)
      @inline(__always)
      func work(full: Bool, _ masked: (V, _ deviation: V, _ offset: Int) -> V) {
        var (sum, products) = (V.zero, V.zero)
        forEachVector(tile) { offset in
          let deviation = V.load(x + offset, full: full, lanes: tile.lanes) - mean
          let g = masked(V.load(gradient + offset, full: full, lanes: tile.lanes), deviation, offset)
          sum += g
          products.addProduct(g, deviation)
        } flush: {
          accumulate(&sum, into: part)
          accumulate(&products, into: part + width)
        }
      }
      @inline(__always)
      func work(full: Bool) {
        switch mask {
        case .none: work(full: full) { g, _, _ in g }
        case .recomputed(let scale, let shift):
          let (scale, shift) = (scale.vector(V.self, tile, width), shift.vector(V.self, tile, width))
          work(full: full) { g, deviation, _ in
            g.zeroed(unlessPositive: shift.addingProduct(deviation, scale))
          }
        case .output(let y):
          work(full: full) { g, _, offset in
            let masked = g.zeroed(unlessPositive: V.load(y + offset, full: full, lanes: tile.lanes))
            masked.store(gradient + offset, full: full, lanes: tile.lanes)
            return masked
          }
        }
      }
      if tile.lanes == width { work(full: true) } else { work(full: false) }
    }
  }

  /// ∂L/∂x = a · g − b − (x − mean) · c, with g masked as in `gradientSums` (`.output` was applied there already).
  /// `result` may be `gradient`.
  public func inputGradient(
    _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>,
    mean: ChannelValues, a: ChannelValues, b: ChannelValues, c: ChannelValues, mask: Mask
  ) {
    withVector(
      { inputGradient($0, gradient, x, result, mean, a, b, c, mask) },
      { inputGradient($0, gradient, x, result, mean, a, b, c, mask) })
  }

  @inline(__always)
  private func inputGradient<V: FloatVector>(
    _: V.Type, _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>,
    _ mean: ChannelValues, _ a: ChannelValues, _ b: ChannelValues, _ c: ChannelValues, _ mask: Mask
  ) {
    forEachTile { _, tile in
      let mean = mean.vector(V.self, tile, width)
      let (a, b, c) = (a.vector(V.self, tile, width), b.vector(V.self, tile, width), c.vector(V.self, tile, width))
      @inline(__always)
      func work(full: Bool, _ masked: (V, _ deviation: V) -> V) {
        forEachVector(tile) { offset in
          let deviation = V.load(x + offset, full: full, lanes: tile.lanes) - mean
          let g = masked(V.load(gradient + offset, full: full, lanes: tile.lanes), deviation)
          (a * g - b - deviation * c).store(result + offset, full: full, lanes: tile.lanes)
        }
      }
      @inline(__always)
      func work(full: Bool) {
        if case .recomputed(let scale, let shift) = mask {
          let (scale, shift) = (scale.vector(V.self, tile, width), shift.vector(V.self, tile, width))
          work(full: full) { g, deviation in
            g.zeroed(unlessPositive: shift.addingProduct(deviation, scale))
          }
        } else {
          work(full: full) { g, _ in g }
        }
      }
      if tile.lanes == width { work(full: true) } else { work(full: false) }
    }
  }
}
