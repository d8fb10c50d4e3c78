import Diagnostics

/// Ranks and their hosts for people: `rank 3 on nodeB`, `ranks 0, 1 on nodeA, ranks 2 to 5 on nodeB`.
///
/// At most four hosts, and at most four ranges on each, are written out; of the rest only the number.
package struct RankList: CustomStringConvertible {
  package let description: String

  /// - Parameter ranks: ascending; `hosts` are those of all ranks of the job.
  package init(_ ranks: [Int], _ hosts: [String]) {
    let places = ranks.grouped { hosts[$0] }
    let shown = places.prefix(4).map { host, ranks in
      "rank\(ranks.count == 1 ? "" : "s") \(Self.ranges(ranks)) on \(host)"
    }
    let rest = places.dropFirst(4)
    let number = rest.reduce(0) { $0 + $1.elements.count }
    let ending = "\(number) more on \(rest.count.counted("other host"))"
    description = (shown + (rest.isEmpty ? [] : [ending])).joined(separator: ", ")
  }

  /// `0 to 2, 5, 7, 8`: three and more in a row as a range.
  private static func ranges(_ ranks: [Int]) -> String {
    let runs = ranks.runs
    let shown = runs.prefix(4).map { run in
      switch run.count {
      case 1: "\(run.lowerBound)"
      case 2: "\(run.lowerBound), \(run.upperBound)"
      default: "\(run.lowerBound) to \(run.upperBound)"
      }
    }
    let rest = runs.dropFirst(4).reduce(0) { $0 + $1.count }
    return shown.joined(separator: ", ") + (rest == 0 ? "" : " and \(rest) more")
  }
}

extension Sequence {
  /// Elements with equal keys together, in the order in which the keys first appear.
  package func grouped<Key: Equatable>(by key: (Element) -> Key) -> [(key: Key, elements: [Element])] {
    reduce(into: []) { groups, element in
      let own = key(element)
      if let group = groups.firstIndex(where: { $0.key == own }) {
        groups[group].elements.append(element)
      } else {
        groups.append((own, [element]))
      }
    }
  }
}
