/// The layers again: plain loops in double precision over the whole batch, straight from the formulas.
protocol LayerOracle: AnyObject {
  func forward(_ x: Samples) -> Samples
  /// ∂L/∂x; keeps the parameters' gradients. After `forward`.
  func backward(_ dy: Samples) -> Samples
}

final class LinearOracle: LayerOracle {
  let weight: [Double]
  let bias: [Double]?
  private(set) var weightGradient: [Double] = []
  private(set) var biasGradient: [Double] = []
  private var x = Samples(0, 0)

  init(weight: [Double], bias: [Double]?) { (self.weight, self.bias) = (weight, bias) }

  func forward(_ x: Samples) -> Samples {
    self.x = x
    let inputs = x.values.count / x.samples
    let outputs = weight.count / inputs
    var y = Samples(x.samples, outputs)
    for n in 0..<x.samples {
      for o in 0..<outputs {
        var sum = bias?[o] ?? 0
        for i in 0..<inputs { sum += weight[o * inputs + i] * x.values[n * inputs + i] }
        y.values[n * outputs + o] = sum
      }
    }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    let inputs = x.values.count / x.samples
    weightGradient = [Double](repeating: 0, count: weight.count)
    biasGradient = [Double](repeating: 0, count: dy.channels)
    var dx = Samples(x.samples, x.channels, x.spatial)
    for n in 0..<x.samples {
      for o in 0..<dy.channels {
        let g = dy.values[n * dy.channels + o]
        biasGradient[o] += g
        for i in 0..<inputs {
          weightGradient[o * inputs + i] += g * x.values[n * inputs + i]
          dx.values[n * inputs + i] += g * weight[o * inputs + i]
        }
      }
    }
    return dx
  }
}

final class BatchNormalizationOracle: LayerOracle {
  let (gamma, beta): ([Double], [Double])
  let rectifies: Bool
  /// nil: the statistics of each view, and running averages follow them; otherwise the running averages are used.
  let isTraining: Bool
  private(set) var (runningMean, runningVariance): ([Double], [Double])
  private(set) var (gammaGradient, betaGradient): ([Double], [Double]) = ([], [])
  /// What is added before the ReLU, and its gradient.
  var shortcut: Samples?
  private(set) var shortcutGradient: Samples?
  private var (normal, y): (Samples, Samples) = (Samples(0, 0), Samples(0, 0))
  private var inverseDeviation: [Double] = []

  init(_ test: TestNetwork, _ name: String, rectifies: Bool, isTraining: Bool = true) throws {
    (gamma, beta) = (try test.value(name + ".weight"), try test.value(name + ".bias"))
    (runningMean, runningVariance) = (
      try test.statistic(name + ".running_mean"), try test.statistic(name + ".running_var")
    )
    (self.rectifies, self.isTraining) = (rectifies, isTraining)
  }

  /// Calls `body` with the view, the channel and the places of its elements.
  private func forEachColumn(_ x: Samples, _ body: (_ view: Int, _ channel: Int, _ places: [Int]) -> Void) {
    let views = isTraining ? 2 : 1
    let rows = x.samples / views
    for view in 0..<views {
      for channel in 0..<x.channels {
        let samples = view * rows..<(view + 1) * rows
        body(view, channel, samples.flatMap { n in (0..<x.plane).map { x.place(n, channel, $0) } })
      }
    }
  }

  func forward(_ x: Samples) -> Samples {
    (normal, y) = (x, x)
    inverseDeviation = [Double](repeating: 0, count: 2 * x.channels)
    forEachColumn(x) { view, c, places in
      var (mean, variance) = (runningMean[c], runningVariance[c])
      if isTraining {
        let n = Double(places.count)
        mean = places.reduce(0) { $0 + x.values[$1] } / n
        let squares = places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) }
        variance = squares / n
        runningMean[c] = 0.9 * runningMean[c] + 0.1 * mean
        runningVariance[c] = 0.9 * runningVariance[c] + 0.1 * squares / (n - 1)
      }
      let inverse = 1 / (variance + 1e-5).squareRoot()
      inverseDeviation[view * x.channels + c] = inverse
      for i in places {
        normal.values[i] = (x.values[i] - mean) * inverse
        y.values[i] = normal.values[i] * gamma[c] + beta[c] + (shortcut?.values[i] ?? 0)
        if rectifies { y.values[i] = y.values[i] < 0 ? 0 : y.values[i] }
      }
    }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var (g, dx) = (dy, dy)
    if rectifies { for i in g.values.indices where y.values[i] <= 0 { g.values[i] = 0 } }
    shortcutGradient = g
    gammaGradient = [Double](repeating: 0, count: dy.channels)
    betaGradient = gammaGradient
    forEachColumn(dy) { view, c, places in
      let n = Double(places.count)
      let sum = places.reduce(0) { $0 + g.values[$1] }
      let products = places.reduce(0) { $0 + g.values[$1] * normal.values[$1] }
      gammaGradient[c] += products
      betaGradient[c] += sum
      for i in places {
        dx.values[i] =
          gamma[c] * inverseDeviation[view * dy.channels + c]
          * (g.values[i] - sum / n - normal.values[i] * products / n)
      }
    }
    return dx
  }
}

final class MaxPoolingOracle: LayerOracle {
  let (window, stride, padding): ([Int], [Int], [Int])
  private var choices: [Int] = []
  private var x = Samples(0, 0)

  init(window: [Int], stride: [Int], padding: [Int]) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  /// Two spatial directions with the same sizes.
  convenience init(window: Int, stride: Int, padding: Int) {
    self.init(window: [window, window], stride: [stride, stride], padding: [padding, padding])
  }

  func forward(_ x: Samples) -> Samples {
    self.x = x
    choices = []
    let windows = WindowPlaces(input: x.spatial, window: window, stride: stride, padding: padding)
    var y = Samples(x.samples, x.channels, windows.output)
    for n in 0..<x.samples {
      for c in 0..<x.channels {
        for (position, places) in windows.places.enumerated() {
          let start = x.place(n, c)
          let best = places.filter { $0 >= 0 }.reduce(-1) {
            $0 < 0 || x.values[start + $1] > x.values[start + $0] ? $1 : $0
          }
          choices.append(start + best)
          y[n, c, position] = x.values[start + best]
        }
      }
    }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = Samples(x.samples, x.channels, x.spatial)
    for (i, choice) in choices.enumerated() { dx.values[choice] += dy.values[i] }
    return dx
  }
}

final class GlobalAveragePoolingOracle: LayerOracle {
  private var x = Samples(0, 0)

  func forward(_ x: Samples) -> Samples {
    self.x = x
    var y = Samples(x.samples, x.channels)
    for i in y.values.indices {
      y.values[i] = (0..<x.plane).reduce(0) { $0 + x.values[i * x.plane + $1] } / Double(x.plane)
    }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = Samples(x.samples, x.channels, x.spatial)
    for i in dx.values.indices { dx.values[i] = dy.values[i / x.plane] / Double(x.plane) }
    return dx
  }
}

final class ReLUOracle: LayerOracle {
  private var y = Samples(0, 0)

  func forward(_ x: Samples) -> Samples {
    y = x
    y.values = x.values.map { $0 < 0 ? 0 : $0 }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = dy
    for i in dx.values.indices where y.values[i] <= 0 { dx.values[i] = 0 }
    return dx
  }
}

/// y = ReLU(last(body(x)) + shortcut(x))
final class ResidualOracle: LayerOracle {
  let (body, projection): ([any LayerOracle], [any LayerOracle])
  let last: BatchNormalizationOracle

  init(body: [any LayerOracle], last: BatchNormalizationOracle, projection: [any LayerOracle] = []) {
    (self.body, self.last, self.projection) = (body, last, projection)
  }

  func forward(_ x: Samples) -> Samples {
    last.shortcut = projection.reduce(x) { $1.forward($0) }
    return last.forward(body.reduce(x) { $1.forward($0) })
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = body.reversed().reduce(last.backward(dy)) { $1.backward($0) }
    let other = projection.reversed().reduce(last.shortcutGradient!) { $1.backward($0) }
    for i in dx.values.indices { dx.values[i] += other.values[i] }
    return dx
  }
}
