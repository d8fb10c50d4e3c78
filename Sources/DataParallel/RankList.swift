/// Ranks and their hosts for people: `rank 3 on nodeB`, `ranks 0, 1 on nodeA, ranks 2 to 5 on nodeB`.
///
/// At most four hosts, and at most four ranges on each, are written out; of the rest stands the number.
struct RankList: CustomStringConvertible {
  let description: String

  /// - Parameter ranks: ascending; `hosts` are those of all ranks of the job.
  init(_ ranks: [Int], _ hosts: [String]) {
    var places: [(host: String, ranks: [Int])] = []
    for rank in ranks {
      if let place = places.firstIndex(where: { $0.host == hosts[rank] }) {
        places[place].ranks.append(rank)
      } else {
        places.append((hosts[rank], [rank]))
      }
    }
    let shown = places.prefix(4).map { place in
      "rank\(place.ranks.count == 1 ? "" : "s") \(Self.ranges(place.ranks)) on \(place.host)"
    }
    let rest = places.dropFirst(4)
    let number = rest.reduce(0) { $0 + $1.ranks.count }
    let ending = "\(number) more on \(rest.count) other host\(rest.count == 1 ? "" : "s")"
    description = (shown + (rest.isEmpty ? [] : [ending])).joined(separator: ", ")
  }

  /// `0 to 2, 5, 7, 8`: three and more in a row as a range.
  private static func ranges(_ ranks: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for rank in ranks {
      if let last = runs.last, last.upperBound + 1 == rank {
        runs[runs.count - 1] = last.lowerBound...rank
      } else {
        runs.append(rank...rank)
      }
    }
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
