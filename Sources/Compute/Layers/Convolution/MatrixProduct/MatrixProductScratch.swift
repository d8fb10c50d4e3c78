import Tensors

/// The windows of a layer's input, the rows of its output, and working memory for as many of both as one matrix product
/// takes: all of them, or so many that the windows fill 64 MB.
struct MatrixProductScratch {
  let windows: ConvolutionColumns
  let results: ConvolutionColumns
  let windowRows: AlignedBuffer<Float>
  let resultRows: AlignedBuffer<Float>
  /// The rows of each product.
  let parts: [Range<Int>]

  /// Takes the memory from the pool, for passes that are run one after another, and gives it back at once: layers that
  /// are planned later use it too.
  init(_ geometry: ConvolutionGeometry, _ layer: WeightedLayer) throws {
    let (input, output, workspace) = (layer.input.shape, layer.output.shape, layer.workspace)
    let windows = ConvolutionColumns(input, ConvolutionWindows(geometry, input: input.spatial))
    let results = ConvolutionColumns(output, ConvolutionWindows(positionsOf: output.spatial))
    (self.windows, self.results) = (windows, results)
    let rows = windows.rows
    let step = min(rows, max(16, (1 << 24) / windows.length))
    parts = stride(from: 0, to: rows, by: step).map { $0..<min(rows, $0 + step) }
    windowRows = try workspace.pool.take(step, windows.length)
    resultRows = try workspace.pool.take(step, results.length)
    for buffer in [windowRows, resultRows] { workspace.pool.giveBack(buffer) }
  }
}

extension ConvolutionGeometry {
  /// Whether the convolution can be computed by matrix products: it has one group.
  var allowsMatrixProduct: Bool { weightShape.count == 2 + output.count }

  /// Whether the kernel has one position.
  var isPointwise: Bool { windows.kernel.allSatisfy { $0 == 1 } }
}
