import Tensors

/// The windows of a tensor as rows of a matrix (im2col): one row for each output position of each sample, and in it the
/// channels × kernel positions under the window, in the order of PyTorch's weight. Zeros stand for the padding.
///
/// With windows of one position the rows are the tensor itself, channels last.
struct ConvolutionColumns {
  let shape: TensorShape
  let windows: ConvolutionWindows
  /// Numbers in a row.
  let length: Int
  /// Channels that lie next to each other.
  private let width: Int
  private let blocks: Int

  init(_ shape: TensorShape, _ windows: ConvolutionWindows) {
    (self.shape, self.windows) = (shape, windows)
    length = shape.channels * windows.volume
    if case .blocked(let width) = shape.layout { self.width = width } else { width = 1 }
    blocks = shape.storedChannels / width
  }

  /// All rows: samples × output positions.
  var rows: Int { shape.samples * windows.positions }

  /// Writes some of the rows to `columns`, from its beginning.
  func gather(_ x: UnsafePointer<Float>, rows: Range<Int>, to columns: UnsafeMutablePointer<Float>) {
    let (width, volume, blockStride) = (width, windows.volume, shape.plane * width)
    ThreadPool.forEachRange(of: rows.count) { range in
      for index in range {
        let (sample, position) = (rows.lowerBound + index).quotientAndRemainder(dividingBy: windows.positions)
        for block in 0..<blocks {
          let source = x + (sample * blocks + block) * blockStride
          let target = columns + index * length + block * width * volume
          let lanes = min(width, shape.channels - block * width)
          windows.forEachPlace(under: position) { tap, place in
            let target = target + tap
            if let place {
              let source = source + place * width
              for lane in 0..<lanes { target[lane * volume] = source[lane] }
            } else {
              for lane in 0..<lanes { target[lane * volume] = 0 }
            }
          }
        }
      }
    }
  }

  /// Adds some of the rows to the places that they were gathered from (col2im).
  ///
  /// A block of channels in one sample is one task: sums follow the order of the rows, with any number of threads.
  func add(_ columns: UnsafePointer<Float>, rows: Range<Int>, to x: UnsafeMutablePointer<Float>) {
    let (width, volume, blockStride) = (width, windows.volume, shape.plane * width)
    let first = rows.lowerBound / windows.positions
    let samples = (rows.upperBound - 1) / windows.positions + 1 - first
    ThreadPool.forEachRange(of: samples * blocks) { range in
      for task in range {
        let (sample, block) = (first + task / blocks, task % blocks)
        let target = x + (sample * blocks + block) * blockStride
        let lanes = min(width, shape.channels - block * width)
        let start = sample * windows.positions
        for row in max(start, rows.lowerBound)..<min(start + windows.positions, rows.upperBound) {
          let source = columns + (row - rows.lowerBound) * length + block * width * volume
          windows.forEachPlace(under: row - start) { tap, place in
            guard let place else { return }
            let (source, target) = (source + tap, target + place * width)
            for lane in 0..<lanes { target[lane] += source[lane * volume] }
          }
        }
      }
    }
  }

  /// Writes some of the rows, one position each, into the tensor, with zeros in the padding of the last block.
  ///
  /// - Parameter bias: a number to add for each channel, or nil.
  func store(
    _ matrix: UnsafePointer<Float>, rows: Range<Int>, bias: UnsafePointer<Float>?, to y: UnsafeMutablePointer<Float>
  ) {
    let (width, plane) = (width, shape.plane)
    ThreadPool.forEachRange(of: rows.count) { range in
      for index in range {
        let (sample, position) = (rows.lowerBound + index).quotientAndRemainder(dividingBy: plane)
        for block in 0..<blocks {
          let source = matrix + index * length + block * width
          let target = y + ((sample * blocks + block) * plane + position) * width
          let lanes = min(width, shape.channels - block * width)
          if let bias {
            for lane in 0..<lanes { target[lane] = source[lane] + bias[block * width + lane] }
          } else {
            for lane in 0..<lanes { target[lane] = source[lane] }
          }
          for lane in lanes..<width { target[lane] = 0 }
        }
      }
    }
  }
}
