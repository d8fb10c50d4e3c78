import Diagnostics
import JSON

/// One layer's JSON while its word reads it.
package struct LayerReader {
  /// What kernels, strides and the like may be.
  static let sizes = 1...1024
  /// What numbers of channels and features may be.
  static let channels = 1...1_000_000

  /// Where the layer stands, for errors: `layers[4].residual[0]`.
  let place: String
  private let word: any LayerWord.Type
  private let members: [String: JSONValue]

  /// Finds the word and checks the keys; JSON that is not a layer is a usage failure.
  init(_ json: JSONValue, at place: String) throws(Failure) {
    self.place = place
    switch json {
    case .string(let name):
      word = try Self.word([name], at: place)
      members = [name: .bool(true)]
      if !word.isComplete {
        throw Failure(
          .usage, "'\(name)' alone does not say everything", at: place, expected: "such as \(word.example)",
          found: "\(json)")
      }
    case .object(let members):
      self.members = members
      word = try Self.word(members.keys.sorted(), at: place)
      try checkKeys()
    default:
      throw Failure(
        .usage, "not a layer", at: place,
        expected: "an object such as \(LayerSpecification.Convolution.example), or a name",
        found: "\(json) (\(json.kind))")
    }
  }

  func layer() throws(Failure) -> LayerSpecification { LayerSpecification(try word.init(self)) }

  /// The value of a key; nil if it is not given.
  subscript(key: String) -> JSONValue? { members[key] }

  /// The failure for a key without a value, or with one that is not as expected.
  func failure(_ key: String, expected: String) -> Failure {
    guard let value = members[key] else {
      return Failure(
        .usage, "\(word.name) needs the key '\(key)'", at: place, expected: expected,
        remedy: "for example \(word.example)")
    }
    let isNumber = value.kind == "a number"
    return Failure(
      .usage, "not a value of \(key)", at: place, expected: expected,
      found: isNumber ? "\(value)" : "\(value) (\(value.kind))")
  }

  /// The one name of a layer among the keys of an object.
  private static func word(_ keys: [String], at place: String) throws(Failure) -> any LayerWord.Type {
    let words = keys.compactMap(LayerSpecification.word(named:))
    if words.count == 1 { return words[0] }
    let names = keys.isEmpty ? "nothing" : keys.joined(separator: ", ")
    if words.isEmpty {
      throw Failure(
        .usage, "not a layer", at: place, expected: "one of \(LayerSpecification.names.joined(separator: ", "))",
        found: names, remedy: keys.lazy.compactMap(LayerSpecification.question).first)
    }
    throw Failure(
      .usage, "several layers in one object", at: place, expected: "one layer in each pair of braces", found: names)
  }

  private func checkKeys() throws(Failure) {
    for key in members.keys.sorted() where key != word.name && !word.keys.contains(key) {
      throw Failure(
        .usage, "unknown key '\(key)'", at: place,
        expected: word.keys.isEmpty
          ? "\(word.name) alone" : "keys of \(word.name): " + word.keys.joined(separator: ", "),
        remedy: word.question(forKey: key))
    }
  }
}
