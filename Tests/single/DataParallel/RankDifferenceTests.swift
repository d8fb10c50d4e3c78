import DataParallel
import Diagnostics
import TestSupport
import Testing

@Suite(.commandLine) struct RankDifferenceTests {
  /// One field `f` whose value is its text.
  private func difference(_ values: [String], hosts: [String]) -> RankDifference? {
    RankDifference(hosts: hosts, fields: values.map { [RankField("f", $0)] })
  }

  private func text(_ values: String, hosts: String) -> String? {
    difference(values.map(String.init), hosts: hosts.map { "node\($0)" })?.description
  }

  @Test func sameValuesAreNoDifference() {
    #expect(text("X", hosts: "A") == nil)
    #expect(text("XXXX", hosts: "AABB") == nil)
    #expect(RankDifference(hosts: ["a", "b"], fields: [[], []]) == nil)
  }

  @Test func groupsNameRanksAndHosts() {
    #expect(text("XY", hosts: "AB") == "rank 0 on nodeA: X; rank 1 on nodeB: Y")
    #expect(text("XXYYYY", hosts: "AABBBB") == "ranks 0, 1 on nodeA: X; ranks 2 to 5 on nodeB: Y")
    #expect(
      text("XYXZXX", hosts: "AAAABB")
        == "ranks 0, 2 on nodeA, ranks 4, 5 on nodeB: X; rank 1 on nodeA: Y; rank 3 on nodeA: Z")
    #expect(text("XXXYXXXX", hosts: "AAAAAAAA") == "ranks 0 to 2, 4 to 7 on nodeA: X; rank 3 on nodeA: Y")
  }

  @Test func manyAreCounted() {
    #expect(
      text("XYYYYYY", hosts: "ABCDEFF")
        == "rank 0 on nodeA: X; rank 1 on nodeB, rank 2 on nodeC, rank 3 on nodeD, rank 4 on nodeE, "
        + "2 more on 1 other host: Y")
    #expect(text("XYZUVW", hosts: "AAAAAA")?.hasSuffix("rank 3 on nodeA: U; others on 2 more ranks") == true)
    #expect(
      text(String(repeating: "XY", count: 8), hosts: String(repeating: "AB", count: 8))
        == "ranks 0, 2, 4, 6 and 4 more on nodeA: X; ranks 1, 3, 5, 7 and 4 more on nodeB: Y")
  }

  @Test func onlyFieldsThatDifferAreShown() {
    func row(_ width: String, _ seed: String) -> [RankField] {
      [RankField("--width", width, text: "--width \(width)"), RankField("--seed", seed, text: "--seed \(seed)")]
    }
    let one = RankDifference(hosts: ["a", "b"], fields: [row("1", "2"), row("1", "3")])
    #expect(one?.fields == ["--seed"] && one?.others == [1])
    #expect(one?.description == "rank 0 on a: --seed 2; rank 1 on b: --seed 3")
    let both = RankDifference(hosts: ["a", "b", "b"], fields: [row("1", "2"), row("1", "3"), row("4", "2")])
    #expect(both?.fields == ["--width", "--seed"] && both?.others == [1, 2])
    #expect(
      both?.failure(.usage, "not the same", remedy: "mend it")
        == Failure(
          .usage, "not the same", at: "--width, --seed, ranks 1, 2 on b",
          expected: "rank 0 on a: --width 1, --seed 2",
          found: "rank 1 on b: --width 1, --seed 3; rank 2 on b: --width 4, --seed 2", remedy: "mend it"))
  }

  @Test func equalTextsOfOtherValues() {
    let fields = ["x", "x", "y"].map { [RankField("data", $0, text: "64 rows")] }
    #expect(
      RankDifference(hosts: ["a", "a", "b"], fields: fields)?.description
        == "ranks 0, 1 on a: 64 rows; rank 2 on b: 64 rows, but other contents")
  }

  /// A rank that sent something else, on either side.
  @Test func missingFieldsDiffer() {
    let field = [RankField("f", "X")]
    #expect(
      RankDifference(hosts: ["a", "b"], fields: [field, []])?.description == "rank 0 on a: X; rank 1 on b: no f")
    #expect(
      RankDifference(hosts: ["a", "b"], fields: [[], field])?.description == "rank 0 on a: no f; rank 1 on b: X")
  }
}
