internal import CVector
import Tensors

/// What `ChannelTiles` computes tile by tile, over vectors `V` of channels that memory holds as `Number`.
///
/// One concrete type for each pair: witnesses of concrete types are specialised, those of a generic type would not be.
protocol TileKernels {
  associatedtype V: FloatVector
  associatedtype Number: StoredNumber

  static func moments(_ tiles: ChannelTiles, _ x: UnsafeRawPointer, _ partials: UnsafeMutablePointer<Double>)

  static func normalise(
    _ tiles: ChannelTiles, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ mean: ChannelValues,
    _ scale: ChannelValues, _ shift: ChannelValues?, _ addend: UnsafeRawPointer?, _ rectify: Bool)

  static func gradientSums(
    _ tiles: ChannelTiles, _ gradient: UnsafeMutableRawPointer, _ x: UnsafeRawPointer, _ mean: ChannelValues,
    _ mask: ChannelTiles.Mask, _ partials: UnsafeMutablePointer<Double>)

  static func inputGradient(
    _ tiles: ChannelTiles, _ gradient: UnsafeRawPointer, _ x: UnsafeRawPointer, _ result: UnsafeMutableRawPointer,
    _ mean: ChannelValues, _ a: ChannelValues, _ b: ChannelValues, _ c: ChannelValues, _ mask: ChannelTiles.Mask)
}

enum WideKernels: TileKernels {
  typealias V = SIMD16<Float>
  typealias Number = Float
}
enum NarrowKernels: TileKernels {
  typealias V = SIMD8<Float>
  typealias Number = Float
}
enum WideBFloat16Kernels: TileKernels {
  typealias V = SIMD16<Float>
  typealias Number = BFloat16
}
enum NarrowBFloat16Kernels: TileKernels {
  typealias V = SIMD8<Float>
  typealias Number = BFloat16
}

extension TileKernels {
  /// Vectors summed in single precision before they are added to a double.
  private static var run: Int { 256 }

  /// Visits the tile's vectors in memory order: `body(offset)`; `flush` after at most `run` vectors.
  @inline(__always)
  private static func forEachVector(
    _ tiles: ChannelTiles, _ tile: ChannelTiles.Tile, _ body: (Int) -> Void, flush: () -> Void = {}
  ) {
    let plane = tiles.shape.plane
    for sample in 0..<tile.samples {
      var offset = tile.offset + sample * tiles.shape.sampleStride
      var position = 0
      while position < plane {
        let end = min(plane, position + run)
        while position < end {
          body(offset)
          offset += tiles.width
          position += 1
        }
        if plane >= run { flush() }
      }
    }
    if plane < run { flush() }
  }

  @inline(__always)
  private static func accumulate(_ vector: inout V, into sums: UnsafeMutablePointer<Double>) {
    for lane in 0..<V.scalarCount { sums[lane] += Double(vector[lane]) }
    vector = .zero
  }

  static func moments(_ tiles: ChannelTiles, _ x: UnsafeRawPointer, _ partials: UnsafeMutablePointer<Double>) {
    let (x, width) = (x.assumingMemoryBound(to: Number.self), tiles.width)
    tiles.forEachTile { index, tile in
      let part = partials + index * 2 * width
      for i in 0..<2 * width { part[i] = 0 }
      @inline(__always)
      func work(full: Bool) {
        let origin = V.load(x + tile.offset, full: full, lanes: tile.lanes)
        var (sum, squares) = (V.zero, V.zero)
        // A stream that is only read needs this to reach the memory's bandwidth. Small planes end too soon for it.
        let ahead = tiles.shape.plane >= 64 ? ReadAhead.distance : 0
        forEachVector(tiles, tile) { offset in
          bt_prefetch(x + offset + ahead)
          let deviation = V.load(x + offset, full: full, lanes: tile.lanes) - origin
          sum += deviation
          squares.addProduct(deviation, deviation)
        } flush: {
          accumulate(&sum, into: part)
          accumulate(&squares, into: part + width)
        }
        let n = Double(tile.samples * tiles.shape.plane)
        for lane in 0..<width {
          let (o, s) = (Double(origin[lane]), part[lane])
          part[width + lane] += 2 * o * s + n * o * o
          part[lane] = s + n * o
        }
      }
      if tile.lanes == width { work(full: true) } else { work(full: false) }
    }
  }

  static func normalise(
    _ tiles: ChannelTiles, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ mean: ChannelValues,
    _ scale: ChannelValues, _ shift: ChannelValues?, _ addend: UnsafeRawPointer?, _ rectify: Bool
  ) {
    let (x, y) = (x.assumingMemoryBound(to: Number.self), y.assumingMemoryBound(to: Number.self))
    let (addend, width) = (addend?.assumingMemoryBound(to: Number.self), tiles.width)
    tiles.forEachTile { _, tile in
      let mean = mean.vector(V.self, tile, width)
      let scale = scale.vector(V.self, tile, width)
      let shift = shift?.vector(V.self, tile, width) ?? .zero
      @inline(__always)
      func work(full: Bool) {
        forEachVector(tiles, tile) { offset in
          var value = shift.addingProduct(V.load(x + offset, full: full, lanes: tile.lanes) - mean, scale)
          if let addend { value += V.load(addend + offset, full: full, lanes: tile.lanes) }
          if rectify { value = value.rectified }
          value.store(y + offset, full: full, lanes: tile.lanes)
        }
      }
      if tile.lanes == width { work(full: true) } else { work(full: false) }
    }
  }

  static func gradientSums(
    _ tiles: ChannelTiles, _ gradient: UnsafeMutableRawPointer, _ x: UnsafeRawPointer, _ mean: ChannelValues,
    _ mask: ChannelTiles.Mask, _ partials: UnsafeMutablePointer<Double>
  ) {
    let (gradient, x) = (gradient.assumingMemoryBound(to: Number.self), x.assumingMemoryBound(to: Number.self))
    let width = tiles.width
    tiles.forEachTile { index, tile in
      let part = partials + index * 2 * width
      for i in 0..<2 * width { part[i] = 0 }
      let mean = mean.vector(V.self, tile, width)
      @inline(__always)
      func work(full: Bool, _ masked: (V, _ deviation: V, _ offset: Int) -> V) {
        var (sum, products) = (V.zero, V.zero)
        forEachVector(tiles, tile) { offset in
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
          let y = y.assumingMemoryBound(to: Number.self)
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

  static func inputGradient(
    _ tiles: ChannelTiles, _ gradient: UnsafeRawPointer, _ x: UnsafeRawPointer, _ result: UnsafeMutableRawPointer,
    _ mean: ChannelValues, _ a: ChannelValues, _ b: ChannelValues, _ c: ChannelValues, _ mask: ChannelTiles.Mask
  ) {
    let (gradient, x) = (gradient.assumingMemoryBound(to: Number.self), x.assumingMemoryBound(to: Number.self))
    let (result, width) = (result.assumingMemoryBound(to: Number.self), tiles.width)
    tiles.forEachTile { _, tile in
      let mean = mean.vector(V.self, tile, width)
      let (a, b, c) = (a.vector(V.self, tile, width), b.vector(V.self, tile, width), c.vector(V.self, tile, width))
      @inline(__always)
      func work(full: Bool, _ masked: (V, _ deviation: V) -> V) {
        forEachVector(tiles, tile) { offset in
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
