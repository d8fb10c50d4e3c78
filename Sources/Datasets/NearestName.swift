/// The name that the user probably meant.
enum NearestName {
  /// The nearest of `names` within a third of the letters wrong (optimal string alignment, without case), or nil.
  static func of(_ text: String, among names: [String]) -> String? {
    let text = text.lowercased()
    guard text.utf8.count <= 64 else { return nil }
    let ranked = names.map { (name: $0, distance: distance(Array(text.utf8), Array($0.lowercased().utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, max(text.utf8.count, best.name.utf8.count) / 3) ? best.name : nil
  }

  /// Letters inserted, left out, replaced or exchanged with their neighbour.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
