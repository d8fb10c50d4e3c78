import Tensors

/// Cuts the planes of a volume, or images, into the tiles of Winograd's F(4×4, 3×3).
///
/// A transformed tile is 36 numbers per channel, in 36 matrices: a row for each depth, sample and tile, in that order,
/// and a column for each channel, including those of the last block's padding. So the planes that one of the kernel's
/// depths combines are neighbouring rows, for any samples.
struct PlaneTiles {
  /// The matrices of a tile.
  static let matrices = Winograd.inputs * Winograd.inputs

  let shape: TensorShape
  let depth: Int
  let height: Int
  let width: Int
  /// Lanes of a channel block, and blocks.
  let lanes: Int
  let blocks: Int
  /// Tiles in a plane; those of the input and of the output belong together.
  let rows: Int
  let columns: Int
  /// Distance from the plane's corner to the first tile's.
  let (top, left): (Int, Int)

  /// - Parameter shape: in channel blocks.
  /// - Parameter output: the extents of the convolution's output in height and width.
  /// - Parameter padding: of the convolution, for its input; zeros for its output.
  init(_ shape: TensorShape, output: (height: Int, width: Int), padding: (height: Int, width: Int)) {
    guard case .blocked(let lanes) = shape.layout else { preconditionFailure("tiles are cut out of channel blocks") }
    let spatial = [Int](repeating: 1, count: 3 - shape.spatial.count) + shape.spatial
    self.shape = shape
    depth = spatial[0]
    height = spatial[1]
    width = spatial[2]
    (self.lanes, blocks) = (lanes, shape.storedChannels / lanes)
    (rows, columns) = ((output.height + 3) / Winograd.outputs, (output.width + 3) / Winograd.outputs)
    (top, left) = (padding.height, padding.width)
  }

  /// Rows of a matrix for one plane.
  var tiles: Int { rows * columns }
  var channels: Int { shape.storedChannels }
  /// Numbers in the matrices of some samples.
  func count(samples: Int) -> Int { Self.matrices * depth * samples * tiles * channels }

  /// Calls `body` for each row of tiles of some samples on the rank's threads: where the first block's plane and the
  /// first tile's row begin.
  @inline(__always)
  func forEachRow(of samples: Range<Int>, _ body: (_ plane: Int, _ row: Int, _ matrixRow: Int) -> Void) {
    ThreadPool.forEachRange(of: depth * samples.count * rows) { range in
      for index in range {
        let (planeIndex, row) = index.quotientAndRemainder(dividingBy: rows)
        let (z, sample) = planeIndex.quotientAndRemainder(dividingBy: samples.count)
        let plane = (samples.lowerBound + sample) * shape.sampleStride + z * height * width * lanes
        body(plane, row, index * columns)
      }
    }
  }
}
