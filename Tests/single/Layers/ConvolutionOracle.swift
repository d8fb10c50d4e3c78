/// Where the windows of a convolution or a pooling lie, in any number of spatial directions.
struct WindowPlaces {
  /// Extents of the output.
  let output: [Int]
  /// For each position of the output, and in it for each of the window in C order: the position of the input, or -1 in
  /// the padding.
  let places: [[Int]]

  init(input: [Int], window: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil) {
    let dilation = dilation ?? window.map { _ in 1 }
    let output = input.indices.map {
      (input[$0] + 2 * padding[$0] - dilation[$0] * (window[$0] - 1) - 1) / stride[$0] + 1
    }
    self.output = output
    /// The coordinates of a position in C order.
    func coordinates(_ position: Int, _ extents: [Int]) -> [Int] {
      var (rest, result) = (position, [Int]())
      for extent in extents.reversed() {
        result.insert(rest % extent, at: 0)
        rest /= extent
      }
      return result
    }
    let offsets = (0..<window.reduce(1, *)).map { coordinates($0, window) }
    places = (0..<output.reduce(1, *)).map { position in
      let start = coordinates(position, output)
      return offsets.map { offset in
        var place = 0
        for axis in input.indices {
          let at = start[axis] * stride[axis] + offset[axis] * dilation[axis] - padding[axis]
          guard at >= 0, at < input[axis] else { return -1 }
          place = place * input[axis] + at
        }
        return place
      }
    }
  }
}

/// y = w ∗ x + b in any number of spatial directions, with groups and dilation.
final class ConvolutionOracle: LayerOracle {
  let weight: [Double]
  let bias: [Double]?
  let (outputs, groups): (Int, Int)
  let (kernel, stride, padding, dilation): ([Int], [Int], [Int], [Int])
  private(set) var weightGradient: [Double] = []
  private(set) var biasGradient: [Double] = []
  private var x = Samples(0, 0)

  init(
    weight: [Double], bias: [Double]? = nil, outputs: Int, kernel: [Int], stride: [Int], padding: [Int],
    dilation: [Int], groups: Int
  ) {
    (self.weight, self.bias, self.outputs, self.groups) = (weight, bias, outputs, groups)
    (self.kernel, self.stride, self.padding, self.dilation) = (kernel, stride, padding, dilation)
  }

  /// Two spatial directions with the same sizes.
  convenience init(weight: [Double], outputs: Int, kernel: Int, stride: Int = 1, padding: Int) {
    self.init(
      weight: weight, outputs: outputs, kernel: [kernel, kernel], stride: [stride, stride],
      padding: [padding, padding], dilation: [1, 1], groups: 1)
  }

  private var windows: WindowPlaces {
    WindowPlaces(input: x.spatial, window: kernel, stride: stride, padding: padding, dilation: dilation)
  }

  /// Calls `body` with the places of each product: w, x and y.
  private func forEachProduct(_ y: Samples, _ body: (_ w: Int, _ x: Int, _ y: Int) -> Void) {
    let places = windows.places
    let (inputs, outputs) = (x.channels / groups, self.outputs / groups)
    let volume = kernel.reduce(1, *)
    for n in 0..<x.samples {
      for o in 0..<self.outputs {
        for (position, window) in places.enumerated() {
          for i in 0..<inputs {
            let source = x.place(n, o / outputs * inputs + i)
            for k in 0..<volume where window[k] >= 0 {
              body((o * inputs + i) * volume + k, source + window[k], y.place(n, o, position))
            }
          }
        }
      }
    }
  }

  func forward(_ x: Samples) -> Samples {
    self.x = x
    var y = Samples(x.samples, outputs, windows.output)
    if let bias {
      for i in y.values.indices { y.values[i] = bias[i / y.plane % outputs] }
    }
    forEachProduct(y) { y.values[$2] += weight[$0] * x.values[$1] }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = Samples(x.samples, x.channels, x.spatial)
    var dw = [Double](repeating: 0, count: weight.count)
    forEachProduct(dy) {
      dw[$0] += x.values[$1] * dy.values[$2]
      dx.values[$1] += weight[$0] * dy.values[$2]
    }
    weightGradient = dw
    biasGradient = [Double](repeating: 0, count: outputs)
    for i in dy.values.indices { biasGradient[i / dy.plane % outputs] += dy.values[i] }
    return dx
  }
}
