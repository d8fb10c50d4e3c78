/// Finds the name that a mistyped one was meant to be.
package enum NearestName {
  /// The names that `word` may stand for, best first, at most three; empty if none is near.
  ///
  /// Names that begin with the word come first (`proj` for `proj-input-dim`), then the one at the smallest edit
  /// distance, if that is at most a third of the length of the word and at least 1. Case and underscores do not count.
  package static func candidates(for word: String, among names: [String]) -> [String] {
    let word = folded(word)
    if word.isEmpty { return [] }
    let longer = names.filter { folded($0).hasPrefix(word) }
    if !longer.isEmpty { return Array(longer.prefix(3)) }
    let distances = names.map { (name: $0, distance: editDistance(word, folded($0))) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return [] }
    return best.distance <= max(1, (word.count + 1) / 3) ? [best.name] : []
  }

  /// `did you mean adamW?`, or nil if no name is near; `prefix` goes before each name.
  package static func question(for word: String, among names: [String], prefix: String = "") -> String? {
    let found = candidates(for: word, among: names).map { prefix + $0 }
    guard let last = found.last else { return nil }
    return "did you mean " + (found.count == 1 ? last : found.dropLast().joined(separator: ", ") + " or " + last) + "?"
  }

  /// Insertions, deletions, substitutions and swaps of neighbours between two texts.
  package static func editDistance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    var beforeLast = [Int](repeating: 0, count: second.count + 1)
    var last = Array(0...second.count)
    for i in first.indices {
      var current = [i + 1]
      for j in second.indices {
        var best = min(last[j + 1] + 1, current[j] + 1, last[j] + (first[i] == second[j] ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        current.append(best)
      }
      (beforeLast, last) = (last, current)
    }
    return last[second.count]
  }

  private static func folded(_ word: String) -> String { String(word.lowercased().map { $0 == "_" ? "-" : $0 }) }
}
