import Tensors
import Testing

/// The order in which leaves are added decides every bit of a run, so it is written down here again, recursively.
@Suite struct ReductionTreeTests {
  /// The tree over `leaves` as the design states it: the left subtree has the largest power of two below their number.
  private func tree<Number: FloatingPoint>(_ leaves: ArraySlice<[Number]>) -> [Number] {
    guard leaves.count > 1 else { return leaves.first ?? [] }
    var left = 1
    while left * 2 < leaves.count { left *= 2 }
    let middle = leaves.startIndex + left
    return zip(tree(leaves[..<middle]), tree(leaves[middle...])).map { $0 + $1 }
  }

  /// Numbers of such different sizes that every order of addition gives different bits.
  private func leaves(_ leaves: Int, count: Int) -> [[Double]] {
    (0..<leaves).map { leaf in
      (0..<count).map { i in
        Double(noise(leaf * count + i, seed: 3)) * [1, 1e9, 1e-7, 3e4, 1e12][(leaf + i) % 5]
      }
    }
  }

  @Test(arguments: 1...9) func doublesAreAddedAlongTheTree(count: Int) {
    let leaves = leaves(count, count: 13)
    let values = AlignedBuffer(copying: leaves.flatMap { $0 })
    ReductionTree.reduce(values.pointer, leaves: count, count: 13)
    #expect((0..<13).map { values.pointer[$0].bitPattern } == tree(leaves[...]).map(\.bitPattern))
  }

  @Test(arguments: 1...9) func floatsAreAddedAlongTheSameTree(count: Int) {
    let leaves = leaves(count, count: 37).map { $0.map { Float($0) } }
    let target = AlignedBuffer<Float>(37)
    // Spent sums of other layers lie there.
    let slots = (0..<ReductionTree.extraSlots(leaves: count)).map { _ in
      AlignedBuffer<Float>(copying: [Float](repeating: .nan, count: 37))
    }
    for (leaf, values) in leaves.enumerated() {
      let slot = ReductionTree.slot(of: leaf)
      copy(values, to: (slot == 0 ? target : slots[slot - 1]).pointer)
      ReductionTree.merge(
        afterLeaf: leaf, of: count, count: 37, target: target.pointer, partialSums: slots.map(\.pointer))
    }
    #expect(bits(target) == tree(leaves[...]).map(\.bitPattern))
  }

  /// A rank that owns a whole subtree sums it alone: 4 leaves twice, and then the two sums, as 8 leaves at once.
  @Test(arguments: [1, 2, 4]) func partsOfRanksAreSubtrees(perRank: Int) {
    let leaves = leaves(8, count: 5)
    let parts = stride(from: 0, to: 8, by: perRank).map { first in
      let values = AlignedBuffer(copying: leaves[first..<first + perRank].flatMap { $0 })
      ReductionTree.reduce(values.pointer, leaves: perRank, count: 5)
      return (0..<5).map { values.pointer[$0] }
    }
    #expect(tree(parts[...]).map(\.bitPattern) == tree(leaves[...]).map(\.bitPattern))
  }

  @Test func theTestTellsOrdersApart() {
    let leaves = leaves(8, count: 13)
    let forward = leaves.dropFirst().reduce(leaves[0]) { zip($0, $1).map { $0 + $1 } }
    #expect(forward != tree(leaves[...]))
  }

  @Test func onlyTheFirstLeavesAreTouched() {
    let values = AlignedBuffer<Double>(copying: [1, 2, 3, 100, 200])
    ReductionTree.reduce(values.pointer, leaves: 3, count: 1)
    #expect(values.pointer[0] == 6 && values.pointer[3] == 100 && values.pointer[4] == 200)
  }

  /// All ranks at once: what each holds is exchanged and added as `exchange` says.
  private func sumAcrossRanks(_ parts: [[Double]]) throws -> [[Double]] {
    let (ranks, count) = (parts.count, parts[0].count)
    var values = parts
    for index in 0..<ReductionTree.exchanges(ranks: ranks, count: count) {
      let before = values
      for rank in 0..<ranks {
        let own = ReductionTree.exchange(index, rank: rank, ranks: ranks, count: count)
        let partners = ReductionTree.exchange(index, rank: own.partner, ranks: ranks, count: count)
        // The counterpart: what one sends is what the other receives.
        try #require(partners.partner == rank && partners.send == own.receive && partners.adds == own.adds)
        for i in own.receive {
          values[rank][i] = own.adds ? before[rank][i] + before[own.partner][i] : before[own.partner][i]
        }
      }
    }
    return values
  }

  /// By recursive doubling and by halving and doubling, with lengths that do not halve evenly.
  @Test(arguments: [1, 2, 4, 8, 16], [1, 13, ReductionTree.longVector - 1, ReductionTree.longVector, 20_003])
  func ranksGoOnAlongTheTree(ranks: Int, count: Int) throws {
    let parts = leaves(ranks, count: count)
    let expected = tree(parts[...]).map(\.bitPattern)
    for sum in try sumAcrossRanks(parts) { #expect(sum.map(\.bitPattern) == expected) }
  }

  /// Halving and doubling moves each element at most twice, however many ranks there are.
  @Test func longVectorsAreHalved() {
    let count = 1 << 16
    let sent = (0..<ReductionTree.exchanges(ranks: 16, count: count)).map {
      ReductionTree.exchange($0, rank: 5, ranks: 16, count: count).send.count
    }
    #expect(sent.reduce(0, +) == 2 * count / 16 * 15)
  }
}
