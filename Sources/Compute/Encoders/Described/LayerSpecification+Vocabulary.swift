import Diagnostics

extension LayerSpecification {
  /// The names of all words.
  package static let names = words.map { $0.name }

  /// nil for a name that no word has.
  static func word(named name: String) -> (any LayerWord.Type)? { words.first { $0.name == name } }

  /// `did you mean batch_norm?` for an unknown name; nil if nothing is near.
  static func question(for name: String) -> String? {
    let folded = name.lowercased().filter { $0.isLetter }
    if let word = words.first(where: { $0.synonyms.contains(folded) }) { return "did you mean \(word.name)?" }
    return NearestName.question(for: name, among: names)
  }
}

extension LayerWord {
  /// `did you mean kernel_size?` for a key that this word does not have.
  static func question(forKey key: String) -> String? {
    if let key = keySynonyms[key.lowercased()] { return "did you mean \(key)?" }
    return NearestName.question(for: key, among: keys)
  }
}
