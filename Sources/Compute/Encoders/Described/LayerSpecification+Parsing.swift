import CommandLine
import Diagnostics

extension LayerSpecification {
  /// Most layers of a network, with repetitions written out.
  static let mostLayers = 10_000

  /// Reads a list of layers; `place` is its path for errors: `layers`, `layers[3].residual`.
  ///
  /// A layer is an object whose first key is its name (`{convolution: 32, kernel_size: 3}`), or the name alone where that
  /// says everything (`"relu"`). What is no layer, unknown keys, and values of a wrong kind or range are usage failures.
  package static func parse(_ json: JSONValue, at place: String = "layers") throws(Failure) -> [LayerSpecification] {
    guard case .array(let elements) = json else {
      throw Failure(
        .usage, "not a list of layers", at: place,
        expected: "a list in brackets, such as [\(LayerKind.linear.example)]",
        found: "\(json) (\(json.kind))")
    }
    if elements.isEmpty {
      throw Failure(.usage, "the list has no layers", at: place, expected: "at least one", found: "[]")
    }
    var layers: [LayerSpecification] = []
    for (index, element) in elements.enumerated() {
      layers.append(try LayerReader(element, at: "\(place)[\(index)]").layer())
    }
    if count(layers) > mostLayers {
      throw Failure(
        .usage, "there are too many layers", at: place, expected: "at most \(mostLayers), with repetitions written out",
        remedy: "repeat fewer times")
    }
    return layers
  }
}

/// One layer's JSON while it is read.
private struct LayerReader {
  private static let sizes = 1...1024
  private static let channels = 1...1_000_000

  let place: String
  let kind: LayerKind
  let members: [String: JSONValue]

  init(_ json: JSONValue, at place: String) throws(Failure) {
    self.place = place
    switch json {
    case .string(let name):
      kind = try Self.kind([name], at: place)
      members = [name: .bool(true)]
      if !kind.isComplete {
        throw Failure(
          .usage, "'\(name)' alone does not say everything", at: place, expected: "such as \(kind.example)",
          found: "\(json)")
      }
    case .object(let members):
      self.members = members
      kind = try Self.kind(members.keys.sorted(), at: place)
      try checkKeys()
    default:
      throw Failure(
        .usage, "not a layer", at: place, expected: "an object such as \(LayerKind.convolution.example), or a name",
        found: "\(json) (\(json.kind))")
    }
  }

  /// The one name of a layer among the keys of an object.
  private static func kind(_ keys: [String], at place: String) throws(Failure) -> LayerKind {
    let kinds = keys.compactMap(LayerKind.init)
    if kinds.count == 1 { return kinds[0] }
    let names = keys.isEmpty ? "nothing" : keys.joined(separator: ", ")
    if kinds.isEmpty {
      throw Failure(
        .usage, "not a layer", at: place, expected: "one of \(LayerKind.names.joined(separator: ", "))", found: names,
        remedy: keys.lazy.compactMap(LayerKind.question).first)
    }
    throw Failure(
      .usage, "several layers in one object", at: place, expected: "one layer in each pair of braces", found: names)
  }

  private func checkKeys() throws(Failure) {
    for key in members.keys.sorted() where key != kind.rawValue && !kind.keys.contains(key) {
      throw Failure(
        .usage, "unknown key '\(key)'", at: place,
        expected: kind.keys.isEmpty
          ? "\(kind.rawValue) alone" : "keys of \(kind.rawValue): " + kind.keys.joined(separator: ", "),
        remedy: kind.question(forKey: key))
    }
  }

  func layer() throws(Failure) -> LayerSpecification {
    switch kind {
    case .convolution:
      let convolution = LayerSpecification.Convolution(
        try integer(kind.rawValue, Self.channels), kernelSize: try sizes("kernel_size", Self.sizes),
        stride: try sizes("stride", Self.sizes, default: 1), padding: try padding(),
        dilation: try sizes("dilation", Self.sizes, default: 1),
        groups: try integer("groups", Self.channels, default: 1), bias: try flag("bias", default: true))
      return .convolution(convolution)
    case .maxPool: return .maxPool(try pooling())
    case .averagePool: return .averagePool(try pooling())
    case .adaptiveAveragePool: return .adaptiveAveragePool(outputSize: try sizes(kind.rawValue, Self.sizes))
    case .dropout: return .dropout(try probability())
    case .linear:
      return .linear(outputs: try integer(kind.rawValue, Self.channels), bias: try flag("bias", default: true))
    case .residual:
      return .residual(
        body: try layers(kind.rawValue), shortcut: members["shortcut"] == nil ? [] : try layers("shortcut"))
    case .concatenate: return .concatenate(try layers(kind.rawValue))
    case .repeated: return .repeated(try integer(kind.rawValue, 1...1000), try layers("layers"))
    case .batchNorm: return try complete(.batchNorm)
    case .relu: return try complete(.relu)
    case .globalAveragePool: return try complete(.globalAveragePool)
    case .globalMaxPool: return try complete(.globalMaxPool)
    case .flatten: return try complete(.flatten)
    }
  }

  // MARK: Values

  private func failure(_ key: String, expected: String) -> Failure {
    guard let value = members[key] else {
      return Failure(
        .usage, "\(kind.rawValue) needs the key '\(key)'", at: place, expected: expected,
        remedy: "for example \(kind.example)")
    }
    let isNumber = value.kind == "a number"
    return Failure(
      .usage, "not a value of \(key)", at: place, expected: expected,
      found: isNumber ? "\(value)" : "\(value) (\(value.kind))")
  }

  private func complete(_ layer: LayerSpecification) throws(Failure) -> LayerSpecification {
    guard members[kind.rawValue] == .bool(true) else { throw failure(kind.rawValue, expected: "true") }
    return layer
  }

  private func integer(_ key: String, _ range: ClosedRange<Int>, default value: Int? = nil) throws(Failure) -> Int {
    if let value, members[key] == nil { return value }
    guard let number = members[key]?.integer(Int.self), range.contains(number) else {
      throw failure(key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func flag(_ key: String, default value: Bool) throws(Failure) -> Bool {
    guard let json = members[key] else { return value }
    guard case .bool(let flag) = json else { throw failure(key, expected: "true or false") }
    return flag
  }

  private func probability() throws(Failure) -> Double {
    guard let number = members[kind.rawValue]?.double, 0 <= number, number < 1 else {
      throw failure(kind.rawValue, expected: "the probability of a zero, a number from 0 to below 1")
    }
    return number
  }

  /// A number for all directions, or a list with one for each.
  private func sizes(_ key: String, _ range: ClosedRange<Int>, default value: AxisSizes? = nil) throws(Failure)
    -> AxisSizes
  {
    if let value, members[key] == nil { return value }
    let expected = "an integer from \(range.lowerBound) to \(range.upperBound), or a list of one for each direction"
    switch members[key] {
    case .array(let values)?:
      let numbers = values.compactMap { $0.integer(Int.self) }.filter(range.contains)
      guard numbers.count == values.count, (2...3).contains(numbers.count) else {
        throw failure(key, expected: expected)
      }
      return .each(numbers)
    case let json?:
      guard let number = json.integer(Int.self), range.contains(number) else { throw failure(key, expected: expected) }
      return .all(number)
    case nil: throw failure(key, expected: expected)
    }
  }

  private func padding() throws(Failure) -> LayerPadding {
    switch members["padding"] {
    case .string("same"): return .same
    case .string("valid"): return 0
    case .string:
      throw failure("padding", expected: "same, valid, an integer from 0 to 1024, or a list of one for each direction")
    default: return .sizes(try sizes("padding", 0...1024, default: 0))
    }
  }

  private func pooling() throws(Failure) -> LayerSpecification.Pooling {
    LayerSpecification.Pooling(
      try sizes(kind.rawValue, Self.sizes), stride: members["stride"] == nil ? nil : try sizes("stride", Self.sizes),
      padding: try sizes("padding", 0...1024, default: 0))
  }

  private func layers(_ key: String) throws(Failure) -> [LayerSpecification] {
    guard let list = members[key] else { throw failure(key, expected: "a list of layers") }
    return try LayerSpecification.parse(list, at: "\(place).\(key)")
  }
}
