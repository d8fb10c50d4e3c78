import Layers
import TestSupport
import Testing

@Suite struct BatchNormalizationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var samples, channels: Int
    var spatial: [Int] = []
    var layout = TensorShape.Layout.plain
    var shape: TensorShape { TensorShape(samples: samples, channels: channels, spatial: spatial, layout: layout) }
    var testDescription: String { "\(samples) of \(shape) \(layout)" }

    /// Each channel with its own mean and deviation.
    func input(seed: UInt64) -> Samples {
      var x = Samples(samples, channels, spatial, seed: seed)
      for n in 0..<samples {
        for c in 0..<channels {
          for p in 0..<x.plane {
            x[n, c, p] = Double(Float(x[n, c, p] * Double(1 + c % 3) + Double(c % 7) - 3 + (n < samples / 2 ? 0 : 0.5)))
          }
        }
      }
      return x
    }
  }

  /// Channels that fill no block, one block, and more; samples that fill no tile, one tile, and more; planes longer
  /// than the runs that are summed in single precision.
  static let cases = [
    Case(samples: 8, channels: 1), Case(samples: 16, channels: 8), Case(samples: 16, channels: 16),
    Case(samples: 24, channels: 20), Case(samples: 16, channels: 33), Case(samples: 1200, channels: 20),
    Case(samples: 8, channels: 3, spatial: [5, 3], layout: .blocked(width: 16)),
    Case(samples: 80, channels: 20, spatial: [5, 3], layout: .blocked(width: 16)),
    Case(samples: 8, channels: 16, spatial: [17, 16], layout: .blocked(width: 16)),
    Case(samples: 8, channels: 20, spatial: [1, 1], layout: .blocked(width: 16)),
    Case(samples: 8, channels: 3, spatial: [5, 3], layout: .blocked(width: 8)),
    Case(samples: 80, channels: 20, spatial: [4, 4], layout: .blocked(width: 8)),
    Case(samples: 8, channels: 8, spatial: [19, 15], layout: .blocked(width: 8)),
  ]

  @Test(arguments: cases, [1, 2, 4]) func agreesWithTheFormula(_ c: Case, shards: Int) throws {
    for rectifies in [false, true] {
      let test = try TestNetwork(
        [BatchNormalization("b", channels: c.channels, rectifies: rectifies)], input: c.shape, shards: shards)
      let oracle = try BatchNormalizationOracle(test, "b", rectifies: rectifies)
      try check(test, oracle, oracle, c)
    }
  }

  /// x itself is added before the ReLU.
  @Test(arguments: cases, [1, 2, 4]) func withAShortcut(_ c: Case, shards: Int) throws {
    for rectifies in [false, true] {
      let layer = BatchNormalization("b", channels: c.channels, rectifies: rectifies)
      let test = try TestNetwork(
        [ResidualBlock(body: [], last: layer, projection: nil)], input: c.shape, shards: shards)
      let last = try BatchNormalizationOracle(test, "b", rectifies: rectifies)
      try check(test, ResidualOracle(body: [], last: last), last, c)
    }
  }

  /// Two steps: running averages continue from the first.
  private func check(
    _ test: TestNetwork, _ oracle: any LayerOracle, _ batchNorm: BatchNormalizationOracle, _ c: Case
  ) throws {
    for seed in [1, 2] as [UInt64] {
      let x = c.input(seed: seed)
      #expect(distance(try test.forward(x).values, from: oracle.forward(x).values) < 2e-6)
      #expect(distance(try test.statistic("b.running_mean"), from: batchNorm.runningMean) < 1e-6)
      #expect(distance(try test.statistic("b.running_var"), from: batchNorm.runningVariance) < 1e-6)
      let dy = Samples(c.samples, c.channels, c.spatial, seed: seed + 10)
      let dx = try #require(try test.backward(dy))
      #expect(distance(dx.values, from: oracle.backward(dy).values) < 3e-6)
      #expect(distance(try test.gradient("b.weight"), from: batchNorm.gammaGradient) < 3e-6)
      #expect(distance(try test.gradient("b.bias"), from: batchNorm.betaGradient) < 3e-6)
      #expect(test.paddingStaysZero)
    }
  }

  @Test(arguments: cases) func inferenceUsesTheRunningAverages(_ c: Case) throws {
    for rectifies in [false, true] {
      let test = try TestNetwork(
        [BatchNormalization("b", channels: c.channels, rectifies: rectifies)], input: c.shape, isTraining: false)
      let oracle = try BatchNormalizationOracle(test, "b", rectifies: rectifies, isTraining: false)
      let x = c.input(seed: 3)
      #expect(distance(try test.forward(x).values, from: oracle.forward(x).values) < 2e-6)
      #expect(try test.statistic("b.running_mean") == oracle.runningMean, "and does not move them")
      #expect(try test.statistic("b.running_var") == oracle.runningVariance)
      #expect(test.paddingStaysZero)
    }
  }

  @Test func theSecondViewHasTheLastWordInTheAverages() throws {
    let test = try TestNetwork(
      [BatchNormalization("b", channels: 1, rectifies: false)], input: TensorShape(samples: 4, channels: 1))
    test.state.statistics.values.pointer[0] = 0
    test.state.statistics.values.pointer[16] = 1
    var x = Samples(4, 1)
    x.values = [0, 2, 10, 30]
    let y = try test.forward(x)
    // Means 1 and 20, unbiased variances 2 and 200.
    #expect(abs(try test.statistic("b.running_mean")[0] - (0.9 * 0.1 + 0.1 * 20)) < 1e-6)
    #expect(abs(try test.statistic("b.running_var")[0] - (0.9 * (0.9 + 0.1 * 2) + 0.1 * 200)) < 1e-5)
    let (gamma, beta) = (try test.value("b.weight")[0], try test.value("b.bias")[0])
    for (value, sign) in zip(y.values, [-1.0, 1, -1, 1]) { #expect(abs(value - (sign * gamma + beta)) < 1e-4) }
  }

  @Test(arguments: [1e3, 1e4, -1e5]) func largeMeansCostNoVariance(offset: Double) throws {
    let test = try TestNetwork(
      [BatchNormalization("b", channels: 20, rectifies: false)], input: TensorShape(samples: 600, channels: 20))
    let oracle = try BatchNormalizationOracle(test, "b", rectifies: false)
    var x = Samples(600, 20, seed: 5)
    for i in x.values.indices { x.values[i] = Double(Float(x.values[i] + offset)) }
    let (y, expected) = (try test.forward(x), oracle.forward(x))
    #expect(distance(try test.statistic("b.running_var"), from: oracle.runningVariance) < 1e-6)
    // The mean itself is kept as a Float: half of its last digit, for a deviation of 1.
    #expect(zip(y.values, expected.values).allSatisfy { abs($0 - $1) < abs(offset) * 1e-7 })
  }

  @Test func constantChannelsStayFinite() throws {
    let test = try TestNetwork(
      [BatchNormalization("b", channels: 3, rectifies: false)], input: TensorShape(samples: 8, channels: 3))
    var x = Samples(8, 3, seed: 6)
    for n in 0..<8 { x[n, 1, 0] = Double(0.1 as Float) }
    let y = try test.forward(x)
    let beta = try test.value("b.bias")[1]
    for n in 0..<8 { #expect(abs(y[n, 1, 0] - beta) < 1e-5) }
    let dx = try #require(try test.backward(Samples(8, 3, seed: 7)))
    #expect(dx.values.allSatisfy { $0.isFinite })
  }
}
