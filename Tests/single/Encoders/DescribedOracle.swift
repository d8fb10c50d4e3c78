import Encoders
import Optimization
import Testing

/// A described network again in double precision: one oracle per layer of the list, nothing merged.
final class DescribedOracle: LayerOracle {
  private let layers: [(name: String, oracle: any LayerOracle)]

  init(
    _ specifications: [LayerSpecification], _ test: TestNetwork, name: String = "encoder", isTraining: Bool
  ) throws {
    var layers: [(name: String, oracle: any LayerOracle)] = []
    func append(_ list: [LayerSpecification]) throws {
      for specification in list {
        if let repeated = specification.word as? LayerSpecification.Repeated {
          for _ in 0..<repeated.times { try append(repeated.layers) }
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
    switch specification.word {
    case let layer as LayerSpecification.Convolution: return try convolution(layer, test, name)
    case is LayerSpecification.BatchNorm:
      return try BatchNormalizationOracle(test, name, rectifies: false, isTraining: isTraining)
    case is LayerSpecification.ReLU: return ReLUOracle()
    case is LayerSpecification.Flatten: return FlattenOracle()
    case let layer as LayerSpecification.Dropout:
      let randomness = try #require(test.network.workspace.randomness)
      return DropoutOracle(
        name, isTraining ? layer.probability : 0, seed: randomness.seed, step: randomness.step)
    case let layer as LayerSpecification.MaxPool:
      let (window, stride, padding) = sizes(layer.pooling, test)
      return MaxPoolingOracle(window: window, stride: stride, padding: padding)
    case let layer as LayerSpecification.AveragePool:
      let (window, stride, padding) = sizes(layer.pooling, test)
      return AveragePoolingOracle(window: window, stride: stride, padding: padding, countIncludesPadding: true)
    case let layer as LayerSpecification.AdaptiveAveragePool:
      return AdaptiveAveragePoolingOracle(layer.outputSize.sizes(directions(test))!)
    case is LayerSpecification.GlobalAveragePool: return GlobalAveragePoolingOracle()
    case is LayerSpecification.GlobalMaxPool: return GlobalMaxPoolingOracle()
    case let layer as LayerSpecification.Linear:
      return LinearOracle(
        weight: try test.value(name + ".weight"), bias: layer.bias ? try test.value(name + ".bias") : nil)
    case let layer as LayerSpecification.Residual:
      return SumOracle(try network(layer.body, "body"), try network(layer.shortcut, "shortcut"))
    case let layer as LayerSpecification.Concatenate: return ConcatenationOracle(try network(layer.body, "body"))
    default: preconditionFailure("no oracle for \(specification.json)")
    }
  }

  private static func convolution(_ layer: LayerSpecification.Convolution, _ test: TestNetwork, _ name: String) throws
    -> any LayerOracle
  {
    let directions = directions(test)
    let (kernel, dilation) = (layer.kernelSize.sizes(directions)!, layer.dilation.sizes(directions)!)
    // "same": half of what the kernel reaches over besides its middle.
    var padding = zip(kernel, dilation).map { ($0 - 1) * $1 / 2 }
    if case .sizes(let sizes) = layer.padding { padding = sizes.sizes(directions)! }
    return ConvolutionOracle(
      weight: try test.value(name + ".weight"), bias: layer.bias ? try test.value(name + ".bias") : nil,
      outputs: layer.channels, kernel: kernel, stride: layer.stride.sizes(directions)!, padding: padding,
      dilation: dilation, groups: layer.groups)
  }

  private static func directions(_ test: TestNetwork) -> Int { test.network.input.shape.spatial.count }

  private static func sizes(_ layer: LayerSpecification.Pooling, _ test: TestNetwork) -> ([Int], [Int], [Int]) {
    let directions = directions(test)
    return (
      layer.kernelSize.sizes(directions)!, (layer.stride ?? layer.kernelSize).sizes(directions)!,
      layer.padding.sizes(directions)!
    )
  }

  func forward(_ x: Samples) -> Samples { layers.reduce(x) { $1.oracle.forward($0) } }
  func backward(_ dy: Samples) -> Samples { layers.reversed().reduce(dy) { $1.oracle.backward($0) } }

  /// After `backward`, under the names of PyTorch's `state_dict`.
  var gradients: [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (name, oracle) in layers {
      switch oracle {
      case let oracle as ConvolutionOracle:
        result[name + ".weight"] = oracle.weightGradient
        if oracle.bias != nil { result[name + ".bias"] = oracle.biasGradient }
      case let oracle as LinearOracle:
        result[name + ".weight"] = oracle.weightGradient
        if oracle.bias != nil { result[name + ".bias"] = oracle.biasGradient }
      case let oracle as BatchNormalizationOracle:
        (result[name + ".weight"], result[name + ".bias"]) = (oracle.gammaGradient, oracle.betaGradient)
      case let oracle as SumOracle: for part in oracle.parts { result.merge(part.gradients) { $1 } }
      case let oracle as ConcatenationOracle: result.merge(oracle.body.gradients) { $1 }
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
      if let oracle = oracle as? SumOracle { for part in oracle.parts { result.merge(part.statistics) { $1 } } }
      if let oracle = oracle as? ConcatenationOracle { result.merge(oracle.body.statistics) { $1 } }
    }
    return result
  }
}

/// body(x) + shortcut(x); a shortcut without layers is x.
final class SumOracle: LayerOracle {
  let parts: [DescribedOracle]

  init(_ body: DescribedOracle, _ shortcut: DescribedOracle) { parts = [body, shortcut] }

  func forward(_ x: Samples) -> Samples { sum(parts[0].forward(x), parts[1].forward(x)) }
  func backward(_ dy: Samples) -> Samples { sum(parts[0].backward(dy), parts[1].backward(dy)) }

  private func sum(_ a: Samples, _ b: Samples) -> Samples {
    var result = a
    for i in result.values.indices { result.values[i] += b.values[i] }
    return result
  }
}

/// x and body(x) along the channels.
final class ConcatenationOracle: LayerOracle {
  let body: DescribedOracle
  private let dense: DenseOracle

  init(_ body: DescribedOracle) { (self.body, dense) = (body, DenseOracle([[body]])) }

  func forward(_ x: Samples) -> Samples { dense.forward(x) }
  func backward(_ dy: Samples) -> Samples { dense.backward(dy) }
}
