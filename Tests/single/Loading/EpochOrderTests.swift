import Loading
import Testing

@Suite struct EpochOrderTests {
  @Test func isAPermutation() {
    for count in Array(1...70) + [100, 127, 128, 129, 1000, 1023, 1025, 60_000] {
      let order = EpochOrder(count: count, seed: 3)
      let epochs = count > 2000 ? 1 : 3
      for epoch in 0..<epochs {
        var seen = [Bool](repeating: false, count: count)
        for position in 0..<count { seen[order.sample(at: position, epoch: epoch)] = true }
        #expect(!seen.contains(false), "\(count)")
      }
    }
  }

  @Test func differsByEpochAndSeed() {
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let order = EpochOrder(count: 1000, seed: seed)
      return (0..<1000).map { order.sample(at: $0, epoch: epoch) }
    }
    let orders = [order(0, 0), order(0, 1), order(1, 0), order(1 << 32, 0)]
    for (i, a) in orders.enumerated() {
      // About one sample stays in its place, in a random order.
      #expect(zip(a, 0..<1000).filter { $0 == $1 }.count < 12)
      for b in orders[(i + 1)...] { #expect(zip(a, b).filter { $0 == $1 }.count < 12) }
    }
    #expect(order(0, 0) == orders[0])
  }

  /// All 6 orders of 3 samples occur about equally often over the epochs.
  @Test func smallOrdersAreBalanced() {
    let order = EpochOrder(count: 3, seed: 9)
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<6000 { counts[(0..<3).map { order.sample(at: $0, epoch: epoch) }, default: 0] += 1 }
    #expect(counts.count == 6)
    for count in counts.values { #expect((800...1200).contains(count)) }
  }

  @Test func identityWithoutShuffling() {
    let order = EpochOrder(count: 10, seed: 3, shuffle: false)
    #expect((0..<10).map { order.sample(at: $0, epoch: 4) } == Array(0..<10))
  }

  @Test func positionsOutsideAreLeftAlone() {
    let order = EpochOrder(count: 5, seed: 3)
    #expect(order.sample(at: 7, epoch: 0) == 7)
    #expect(order.sample(at: -1, epoch: 0) == -1)
  }
}
