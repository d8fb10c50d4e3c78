import Configuration
import Encoders

/// A described network once more in double precision: one oracle a layer, as the list stands, nothing made one.
final class DescribedOracle: LayerOracle {
  private let layers: [(name: String, oracle: any LayerOracle)]

  init(
    _ specifications: [LayerSpecification], _ test: TestNetwork, name: String = "encoder", isTraining: Bool
  ) throws {
    var layers: [(name: String, oracle: any LayerOracle)] = []
    func append(_ list: [LayerSpecification]) throws {
      for specification in list {
        if case .repeated(let times, let inner) = specification {
          for _ in 0..<times { try append(inner) }
        } else {
          let name = "\(name).\(layers.count)"
          layers.append((name, try Self.oracle(specification, test, name, isTraining: isTraining)))
        }
      }
    }
    try append(specifications)
    self.layers = layers
  }

  private static func oracle(
    _ specification: LayerSpecification, _ test: TestNetwork, _ name: String, isTraining: Bool
  ) throws -> any LayerOracle {
    func network(_ layers: [LayerSpecification], _ part: String) throws -> DescribedOracle {
      try DescribedOracle(layers, test, name: "\(name).\(part)", isTraining: isTraining)
    }
    switch specification {
    case .convolution(let layer): return try convolution(layer, test, name)
    case .batchNorm: return try BatchNormalizationOracle(test, name, rectifies: false, isTraining: isTraining)
    case .relu: return ReLUOracle()
    case .flatten: return FlattenOracle()
    case .maxPool(let layer):
      let (window, stride, padding) = (
        square(layer.kernelSize), square(layer.stride ?? layer.kernelSize), square(layer.padding)
      )
      return MaxPoolingOracle(window: window, stride: stride, padding: padding)
    case .globalAveragePool: return GlobalAveragePoolingOracle()
    case .linear(_, let bias):
      return LinearOracle(
        weight: try test.value(name + ".weight"), bias: bias ? try test.value(name + ".bias") : nil)
    case .residual(let body, let shortcut):
      return SumOracle(try network(body, "body"), try network(shortcut, "shortcut"))
    default: preconditionFailure("no oracle for \(specification)")
    }
  }

  private static func convolution(_ layer: LayerSpecification.Convolution, _ test: TestNetwork, _ name: String) throws
    -> any LayerOracle
  {
    let kernel = square(layer.kernelSize)
    var padding = kernel / 2
    if case .sizes(let sizes) = layer.padding { padding = square(sizes) }
    return ConvolutionOracle(
      weight: try test.value(name + ".weight"), outputs: layer.channels, kernel: kernel, stride: square(layer.stride),
      padding: padding)
  }

  private static func square(_ sizes: AxisSizes) -> Int { sizes.sizes(2)![0] }

  func forward(_ x: Samples) -> Samples { layers.reduce(x) { $1.oracle.forward($0) } }
  func backward(_ dy: Samples) -> Samples { layers.reversed().reduce(dy) { $1.oracle.backward($0) } }

  /// After `backward`, under the names of PyTorch's `state_dict`.
  var gradients: [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (name, oracle) in layers {
      switch oracle {
      case let oracle as ConvolutionOracle: result[name + ".weight"] = oracle.weightGradient
      case let oracle as LinearOracle:
        result[name + ".weight"] = oracle.weightGradient
        if oracle.bias != nil { result[name + ".bias"] = oracle.biasGradient }
      case let oracle as BatchNormalizationOracle:
        (result[name + ".weight"], result[name + ".bias"]) = (oracle.gammaGradient, oracle.betaGradient)
      case let oracle as SumOracle: result.merge(oracle.gradients) { $1 }
      default: break
      }
    }
    return result
  }

  /// Running means and variances after `forward`.
  var statistics: [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (name, oracle) in layers {
      if let oracle = oracle as? BatchNormalizationOracle {
        (result[name + ".running_mean"], result[name + ".running_var"]) = (oracle.runningMean, oracle.runningVariance)
      }
      if let oracle = oracle as? SumOracle { result.merge(oracle.statistics) { $1 } }
    }
    return result
  }
}

private final class FlattenOracle: LayerOracle {
  private var spatial: [Int] = []

  func forward(_ x: Samples) -> Samples {
    spatial = x.spatial
    return reshaped(x, channels: x.channels * x.plane, spatial: [])
  }

  func backward(_ dy: Samples) -> Samples {
    reshaped(dy, channels: dy.channels / spatial.reduce(1, *), spatial: spatial)
  }

  private func reshaped(_ x: Samples, channels: Int, spatial: [Int]) -> Samples {
    var y = x
    (y.channels, y.spatial) = (channels, spatial)
    return y
  }
}

/// body(x) + shortcut(x); a shortcut without layers is x.
final class SumOracle: LayerOracle {
  private let (body, shortcut): (DescribedOracle, DescribedOracle)

  init(_ body: DescribedOracle, _ shortcut: DescribedOracle) { (self.body, self.shortcut) = (body, shortcut) }

  func forward(_ x: Samples) -> Samples { sum(body.forward(x), shortcut.forward(x)) }
  func backward(_ dy: Samples) -> Samples { sum(body.backward(dy), shortcut.backward(dy)) }

  private func sum(_ a: Samples, _ b: Samples) -> Samples {
    var result = a
    for i in result.values.indices { result.values[i] += b.values[i] }
    return result
  }

  var gradients: [String: [Double]] { body.gradients.merging(shortcut.gradients) { $1 } }
  var statistics: [String: [Double]] { body.statistics.merging(shortcut.statistics) { $1 } }
}
