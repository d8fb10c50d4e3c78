import Tensors

/// The products of transformed tiles, one for each of the 36 matrices and each kernel depth, and their working memory.
///
/// Samples are taken in parts whose matrices fill some 16 MB, so that they stay in the caches.
struct PlaneProducts {
  /// One depth of the kernel, and the planes that it combines: `count` of the input and of the output.
  struct Tap {
    let depth: Int
    let input: Int
    let output: Int
    let count: Int
  }

  let input: PlaneTiles
  let output: PlaneTiles
  let weights: PlaneWeights
  /// Whether the weight's outputs are the input's channels: in the data gradient.
  let isTransposed: Bool
  /// Those that lie on the input for any output; one that does so for all comes first.
  let taps: [Tap]
  let parts: [Range<Int>]
  let inputTiles: AlignedBuffer<Float>
  let outputTiles: AlignedBuffer<Float>
  let weightTiles: AlignedBuffer<Float>

  /// Takes the memory from the pool, for passes that are run one after another, and gives it back at once: layers that
  /// are planned later use it too.
  ///
  /// - Parameter weight: its shape.
  init(
    _ windows: ConvolutionWindows, input: TensorShape, output: TensorShape, weight: [Int], isTransposed: Bool,
    _ workspace: Workspace
  ) throws {
    let extents = (windows.height.output, windows.width.output)
    let tiles = (
      PlaneTiles(input, output: extents, padding: (windows.height.padding, windows.width.padding)),
      PlaneTiles(output, output: extents, padding: (0, 0))
    )
    (self.input, self.output) = tiles
    self.isTransposed = isTransposed
    let channels = (input.storedChannels, output.storedChannels)
    weights = PlaneWeights(
      weight, rows: isTransposed ? channels.0 : channels.1, columns: isTransposed ? channels.1 : channels.0)

    let axis = windows.depth
    let taps = (0..<axis.kernel).compactMap { depth in
      let shift = axis.place(0, depth)
      let outputs = max(0, -shift)..<max(0, -shift, min(axis.output, axis.input - shift))
      return outputs.isEmpty
        ? nil
        : Tap(depth: depth, input: outputs.lowerBound + shift, output: outputs.lowerBound, count: outputs.count)
    }
    self.taps = taps.filter { $0.count == axis.output } + taps.filter { $0.count < axis.output }

    let one = tiles.0.count(samples: 1) + tiles.1.count(samples: 1)
    let step = min(input.samples, max(1, (1 << 22) / one))
    parts = stride(from: 0, to: input.samples, by: step).map { $0..<min(input.samples, $0 + step) }
    inputTiles = try workspace.pool.take(tiles.0.count(samples: step))
    outputTiles = try workspace.pool.take(tiles.1.count(samples: step))
    weightTiles = try workspace.pool.take(weights.count)
    for buffer in [inputTiles, outputTiles, weightTiles] { workspace.pool.giveBack(buffer) }
  }

  /// Output tiles from input tiles and weights, for some samples; one thread computes each number.
  func multiply(samples: Int) {
    let (plane, k, n) = (samples * input.tiles, input.channels, output.channels)
    let (size, rows) = (input.depth * plane * k, output.depth * plane)
    let isComplete = taps.first.map { $0.count == output.depth } ?? false
    let (isTransposed, stride) = (isTransposed, weights.columns)
    ThreadPool.forEachRange(of: PlaneTiles.matrices) { range in
      for matrix in range {
        let (source, target) = (inputTiles.pointer + matrix * size, outputTiles.pointer + matrix * rows * n)
        if !isComplete { target.update(repeating: 0, count: rows * n) }
        for (index, tap) in taps.enumerated() {
          MatrixProduct.multiply(
            m: tap.count * plane, n: n, k: k, a: source + tap.input * plane * k, strideA: k,
            b: weightTiles.pointer + weights.offset(matrix: matrix, depth: tap.depth), transposeB: !isTransposed,
            strideB: stride, beta: index == 0 && isComplete ? 0 : 1, c: target + tap.output * plane * n, strideC: n)
        }
      }
    }
  }

  /// The weight's gradient in tiles from input tiles and the gradient's tiles of some samples, added to that of
  /// earlier samples.
  func multiplyForWeight(samples: Int, isFirst: Bool) {
    let (plane, n, m) = (samples * input.tiles, input.channels, output.channels)
    let (size, gradientSize) = (input.depth * plane * n, output.depth * plane * m)
    ThreadPool.forEachRange(of: PlaneTiles.matrices) { range in
      for matrix in range {
        let (x, dy) = (inputTiles.pointer + matrix * size, outputTiles.pointer + matrix * gradientSize)
        if isFirst && taps.count < weights.depths {
          (weightTiles.pointer + weights.offset(matrix: matrix, depth: 0))
            .update(repeating: 0, count: weights.depths * m * n)
        }
        for tap in taps {
          MatrixProduct.multiply(
            m: m, n: n, k: tap.count * plane, a: dy + tap.output * plane * m, transposeA: true, strideA: m,
            b: x + tap.input * plane * n, strideB: n, beta: isFirst ? 0 : 1,
            c: weightTiles.pointer + weights.offset(matrix: matrix, depth: tap.depth), strideC: n)
        }
      }
    }
  }
}
