import Diagnostics
import MPI

/// Fields in which some ranks differ from rank 0, and what every rank has of them.
package struct RankDifference: Equatable, Sendable {
  /// The names of the fields that differ, in their order on rank 0.
  package let fields: [String]
  /// Every rank's host.
  package let hosts: [String]
  /// What every rank has of `fields`, for people.
  package let texts: [String]
  /// The ranks that differ from rank 0, ascending.
  package let others: [Int]

  /// Compares the fields of all ranks, in rank order, with rank 0's; nil if they are the same.
  ///
  /// Fields are matched by name; one that some ranks lack differs. For a field with rank 0's text and another value,
  /// such as files of the same sizes, the text says that the contents differ.
  package init?(hosts: [String], fields rows: [[RankField]]) {
    let tables = rows.map { row in Dictionary(row.map { ($0.name, $0) }) { first, _ in first } }
    var seen: Set<String> = []
    let names = rows.joined().map(\.name).filter { seen.insert($0).inserted }
    let differing = names.filter { name in tables.contains { $0[name]?.value != tables[0][name]?.value } }
    if differing.isEmpty { return nil }
    (self.hosts, fields) = (hosts, differing)
    others = tables.indices.filter { rank in
      differing.contains { tables[rank][$0]?.value != tables[0][$0]?.value }
    }
    texts = tables.map { table in
      let texts = differing.map { name in
        guard let own = table[name] else { return "no \(name)" }
        let isHidden = own.text == tables[0][name]?.text && own.value != tables[0][name]?.value
        return own.text + (isHidden ? ", but other contents" : "")
      }
      return texts.joined(separator: ", ")
    }
  }

  /// What there is and where, rank 0's first: `ranks 0, 1 on nodeA: X; ranks 2 to 5 on nodeB: Y`.
  package var description: String { describe(Array(hosts.indices)) }

  /// A failure that names the fields, the ranks that differ, and what they and rank 0 have.
  package func failure(_ kind: Failure.Kind, _ message: String, remedy: String) -> Failure {
    Failure(
      kind, message, at: (fields + [RankList(others, hosts).description]).joined(separator: ", "),
      expected: describe([0]), found: describe(others), remedy: remedy)
  }

  /// At most four texts are shown, and the number of the rest.
  private func describe(_ ranks: [Int]) -> String {
    let groups = ranks.grouped { texts[$0] }
    let shown = groups.prefix(4).map { text, ranks in "\(RankList(ranks, hosts)): \(text)" }
    let rest = groups.dropFirst(4).reduce(0) { $0 + $1.elements.count }
    return (shown + (rest == 0 ? [] : ["others on \(rest.counted("more rank"))"])).joined(separator: "; ")
  }
}
