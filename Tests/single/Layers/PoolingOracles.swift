/// A mean over windows: the input positions of each output position, and what their sum is divided by.
class MeanOracle: LayerOracle {
  private var x = Samples(0, 0)

  func outputExtents(_ spatial: [Int]) -> [Int] { fatalError() }
  func window(_ position: [Int], of spatial: [Int]) -> (ranges: [Range<Int>], divisor: Double) { fatalError() }

  private func forEach(_ y: Samples, _ body: (_ x: Int, _ y: Int, _ share: Double) -> Void) {
    for (i, position) in positions(y.spatial).enumerated() {
      let (ranges, divisor) = window(position, of: x.spatial)
      for offset in positions(ranges.map(\.count)) {
        let from = place(zip(ranges, offset).map { $0.lowerBound + $1 }, in: x.spatial)
        for n in 0..<x.samples {
          for c in 0..<x.channels { body(x.place(n, c, from), y.place(n, c, i), 1 / divisor) }
        }
      }
    }
  }

  func forward(_ x: Samples) -> Samples {
    self.x = x
    var y = Samples(x.samples, x.channels, outputExtents(x.spatial))
    forEach(y) { y.values[$1] += x.values[$0] * $2 }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = Samples(x.samples, x.channels, x.spatial)
    forEach(dy) { dx.values[$0] += dy.values[$1] * $2 }
    return dx
  }
}

final class AveragePoolingOracle: MeanOracle {
  let (sizes, strides, paddings, includes): ([Int], [Int], [Int], Bool)

  init(window: [Int], stride: [Int], padding: [Int], countIncludesPadding: Bool) {
    (sizes, strides, paddings, includes) = (window, stride, padding, countIncludesPadding)
  }

  override func outputExtents(_ spatial: [Int]) -> [Int] {
    spatial.indices.map { (spatial[$0] + 2 * paddings[$0] - sizes[$0]) / strides[$0] + 1 }
  }

  override func window(_ position: [Int], of spatial: [Int]) -> (ranges: [Range<Int>], divisor: Double) {
    let ranges = position.indices.map { axis in
      let start = position[axis] * strides[axis] - paddings[axis]
      return max(0, start)..<min(spatial[axis], start + sizes[axis])
    }
    return (ranges, Double((includes ? sizes : ranges.map(\.count)).reduce(1, *)))
  }
}

final class AdaptiveAveragePoolingOracle: MeanOracle {
  let extents: [Int]

  init(_ extents: [Int]) { self.extents = extents }

  override func outputExtents(_ spatial: [Int]) -> [Int] { extents }

  override func window(_ position: [Int], of spatial: [Int]) -> (ranges: [Range<Int>], divisor: Double) {
    let ranges = position.indices.map { axis in
      let step = Double(spatial[axis]) / Double(extents[axis])
      let (start, end) = (Double(position[axis]) * step, Double(position[axis] + 1) * step)
      // Products of small numbers and a rounded quotient: bring back what should be whole.
      return Int((start + 1e-9).rounded(.down))..<Int((end - 1e-9).rounded(.up))
    }
    return (ranges, Double(ranges.map(\.count).reduce(1, *)))
  }
}

final class GlobalMaxPoolingOracle: LayerOracle {
  private var x = Samples(0, 0)
  private var choices: [Int] = []

  func forward(_ x: Samples) -> Samples {
    self.x = x
    var y = Samples(x.samples, x.channels)
    choices = y.values.indices.map { row in
      let places = row * x.plane..<(row + 1) * x.plane
      let best = places.map { x.values[$0] }.max()!
      return places.first { x.values[$0] == best }!
    }
    y.values = choices.map { x.values[$0] }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = Samples(x.samples, x.channels, x.spatial)
    for (row, choice) in choices.enumerated() { dx.values[choice] = dy.values[row] }
    return dx
  }
}

/// The same numbers under another shape.
final class FlattenOracle: LayerOracle {
  private var x = Samples(0, 0)

  func forward(_ x: Samples) -> Samples {
    self.x = x
    var y = Samples(x.samples, x.channels * x.plane)
    y.values = x.values
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    x.values = dy.values
    return x
  }
}
