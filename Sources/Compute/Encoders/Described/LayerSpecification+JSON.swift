import CommandLine

extension LayerSpecification {
  /// The canonical JSON of a list: equal lists give equal JSON, and reading it gives the list back.
  package static func json(_ layers: [LayerSpecification]) -> JSONValue { .array(layers.map(\.json)) }

  /// A text for a layer whose name says everything, else an object without the values that are defaults.
  package var json: JSONValue {
    switch self {
    case .convolution(let layer): layer.json
    case .batchNorm: .string(LayerKind.batchNorm.rawValue)
    case .relu: .string(LayerKind.relu.rawValue)
    case .globalAveragePool: .string(LayerKind.globalAveragePool.rawValue)
    case .globalMaxPool: .string(LayerKind.globalMaxPool.rawValue)
    case .flatten: .string(LayerKind.flatten.rawValue)
    case .maxPool(let layer): layer.json(.maxPool)
    case .averagePool(let layer): layer.json(.averagePool)
    case .adaptiveAveragePool(let size): object(.adaptiveAveragePool, size.json)
    case .dropout(let probability): object(.dropout, .number(probability))
    case .linear(let outputs, let bias):
      object(.linear, .integer(Int128(outputs)), bias ? [:] : ["bias": .bool(false)])
    case .residual(let body, let shortcut):
      object(.residual, Self.json(body), shortcut.isEmpty ? [:] : ["shortcut": Self.json(shortcut)])
    case .concatenate(let body): object(.concatenate, Self.json(body))
    case .repeated(let times, let layers): object(.repeated, .integer(Int128(times)), ["layers": Self.json(layers)])
    }
  }
}

private func object(_ kind: LayerKind, _ value: JSONValue, _ others: [String: JSONValue] = [:]) -> JSONValue {
  .object(others.merging([kind.rawValue: value]) { $1 })
}

extension LayerSpecification.Convolution {
  fileprivate var json: JSONValue {
    var keys = ["kernel_size": kernelSize.json]
    if stride != 1 { keys["stride"] = stride.json }
    if padding != 0 { keys["padding"] = padding.json }
    if dilation != 1 { keys["dilation"] = dilation.json }
    if groups != 1 { keys["groups"] = .integer(Int128(groups)) }
    if !bias { keys["bias"] = .bool(false) }
    return object(.convolution, .integer(Int128(channels)), keys)
  }
}

extension LayerSpecification.Pooling {
  fileprivate func json(_ kind: LayerKind) -> JSONValue {
    var keys: [String: JSONValue] = [:]
    if let stride { keys["stride"] = stride.json }
    if padding != 0 { keys["padding"] = padding.json }
    return object(kind, kernelSize.json, keys)
  }
}
