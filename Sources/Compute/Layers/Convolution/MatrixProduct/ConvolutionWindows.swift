/// Where the windows of a convolution or a pooling lie in its input; two spatial directions count as three of depth 1.
struct ConvolutionWindows {
  /// One spatial direction.
  struct Axis {
    let input: Int
    let output: Int
    let kernel: Int
    var stride = 1
    var padding = 0
    var dilation = 1

    /// The input's coordinate under one of the kernel's positions, or one outside `0..<input` in the padding.
    @inline(__always)
    func place(_ position: Int, _ tap: Int) -> Int { position * stride + tap * dilation - padding }

    /// The window's places on the input, where it has no dilation.
    @inline(__always)
    func taps(_ position: Int) -> Range<Int> {
      let start = position * stride - padding
      return max(0, -start)..<min(kernel, input - start)
    }

    @inline(__always)
    func contains(_ place: Int) -> Bool { UInt(bitPattern: place) < UInt(input) }
  }

  let (depth, height, width): (Axis, Axis, Axis)
  /// Positions of the output.
  let positions: Int
  /// Positions of the kernel.
  let volume: Int

  /// - Parameter input: spatial extents.
  /// - Parameter output: those that the windows give.
  init(_ windows: Windows, over input: [Int], output: [Int]) {
    self.init(
      input.indices.map { axis in
        Axis(
          input: input[axis], output: output[axis], kernel: windows.kernel[axis], stride: windows.stride[axis],
          padding: windows.padding[axis], dilation: windows.dilation[axis])
      })
  }

  /// - Parameter input: spatial extents.
  init(_ geometry: ConvolutionGeometry, input: [Int]) {
    self.init(geometry.windows, over: input, output: geometry.output)
  }

  /// Windows of one position each.
  init(positionsOf spatial: [Int]) {
    self.init(spatial.map { Axis(input: $0, output: $0, kernel: 1) })
  }

  /// The windows of the data gradient: those of a convolution of the output with the kernel turned around, where
  /// strides are 1.
  var transposed: ConvolutionWindows {
    ConvolutionWindows(
      [depth, height, width].map { axis in
        Axis(
          input: axis.output, output: axis.input, kernel: axis.kernel,
          padding: (axis.kernel - 1) * axis.dilation - axis.padding, dilation: axis.dilation)
      })
  }

  /// - Parameter axes: two or three.
  init(_ axes: [Axis]) {
    let axes = [Axis](repeating: Axis(input: 1, output: 1, kernel: 1), count: 3 - axes.count) + axes
    depth = axes[0]
    height = axes[1]
    width = axes[2]
    positions = axes.reduce(1) { $0 * $1.output }
    volume = axes.reduce(1) { $0 * $1.kernel }
  }

  /// Calls `body` for each of the kernel's positions, in C order, with the place of the input under it; nil in the
  /// padding.
  @inline(__always)
  func forEachPlace(under position: Int, _ body: (_ tap: Int, _ place: Int?) -> Void) {
    let (row, column) = (position / width.output, position % width.output)
    let (z, y) = (row / height.output, row % height.output)
    var tap = 0
    for a in 0..<depth.kernel {
      let z = depth.place(z, a)
      for b in 0..<height.kernel {
        let y = height.place(y, b)
        let isInside = depth.contains(z) && height.contains(y)
        for c in 0..<width.kernel {
          let x = width.place(column, c)
          body(tap, isInside && width.contains(x) ? (z * height.input + y) * width.input + x : nil)
          tap += 1
        }
      }
    }
  }
}
