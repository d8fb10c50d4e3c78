/// The fixed binary tree along which everything that sums over the batch is summed.
///
/// The leaves are the shards of the batch. Neighbours are added, then neighbouring pairs, and so on:
/// ((0+1)+(2+3))+((4+5)+(6+7)). A rank owns consecutive leaves: `reduce` and `merge` sum them within the rank. When
/// their number is a power of two that is a whole subtree, and `exchange` says how a power of two of ranks continue in
/// the same order. Floating-point addition is commutative, so only this shape matters, not who adds.
package enum ReductionTree {
  // MARK: Within a rank

  /// Sums `leaves` leaves of `count` numbers, stored one after another, into the first.
  package static func reduce(_ values: UnsafeMutablePointer<Double>, leaves: Int, count: Int) {
    var stride = 1
    while stride < leaves {
      var leaf = 0
      while leaf + stride < leaves {
        Elementwise.add(values + (leaf + stride) * count, into: values + leaf * count, count: count)
        leaf += 2 * stride
      }
      stride *= 2
    }
  }

  /// Where leaf `leaf` is to be written when leaves are summed one after another through a stack of partial sums.
  /// Slot 0 is the result.
  package static func slot(of leaf: Int) -> Int { leaf.nonzeroBitCount }

  /// Partial sums besides the result that `leaves` leaves need at most.
  package static func extraSlots(leaves: Int) -> Int {
    leaves <= 1 ? 0 : Int.bitWidth - (leaves - 1).leadingZeroBitCount
  }

  /// Adds what leaf `leaf`, just written to its slot, completes. After the last leaf slot 0 holds the sum.
  ///
  /// - Parameter target: slot 0.
  /// - Parameter partialSums: slots 1, 2, …
  package static func merge(
    afterLeaf leaf: Int, of leaves: Int, count: Int, target: UnsafeMutablePointer<Float>,
    partialSums: [UnsafeMutablePointer<Float>]
  ) {
    var top = Self.slot(of: leaf)
    var rest = leaf
    while top > 0 && (rest & 1 == 1 || leaf == leaves - 1) {
      Elementwise.add(partialSums[top - 1], into: top == 1 ? target : partialSums[top - 2], count: count)
      top -= 1
      rest >>= 1
    }
  }

  // MARK: Across ranks

  /// One exchange of a rank with another on the way from each rank's sum to the sum over all ranks, on all of them.
  package struct Exchange: Equatable, Sendable {
    package let partner: Int
    /// The elements that go to the partner.
    package let send: Range<Int>
    /// The elements that come from the partner.
    package let receive: Range<Int>
    /// Whether what comes is added to what is there; otherwise it takes its place.
    package let adds: Bool
  }

  /// Elements from which the ranks halve the vector.
  ///
  /// Shorter ones go by recursive doubling: in round k a rank exchanges its whole sum with the rank whose number
  /// differs in bit k. Long ones go by halving and doubling: round k exchanges halves of what a rank still holds, so
  /// that afterwards each rank has one part summed, and the rounds back bring the parts together (Rabenseifner 2004).
  /// Both add the same pairs, so every rank gets the same bits by either: where a vector is cut changes nothing.
  package static let longVector = 1 << 14

  /// Exchanges that a rank takes part in.
  ///
  /// - Parameter ranks: a power of two.
  package static func exchanges(ranks: Int, count: Int) -> Int {
    let rounds = ranks.trailingZeroBitCount
    return count < longVector ? rounds : 2 * rounds
  }

  /// Exchange `index` of rank `rank`; the partner's exchange of this index is its counterpart.
  package static func exchange(_ index: Int, rank: Int, ranks: Int, count: Int) -> Exchange {
    let rounds = ranks.trailingZeroBitCount
    if count < longVector {
      return Exchange(partner: rank ^ (1 << index), send: 0..<count, receive: 0..<count, adds: true)
    }
    // The rounds back mirror the rounds out.
    let round = index < rounds ? index : 2 * rounds - 1 - index
    var (own, other) = (0..<count, 0..<count)
    for bit in 0...round {
      let middle = own.lowerBound + own.count / 2
      let (low, high) = (own.lowerBound..<middle, middle..<own.upperBound)
      (own, other) = rank >> bit & 1 == 0 ? (low, high) : (high, low)
    }
    return index < rounds
      ? Exchange(partner: rank ^ (1 << round), send: other, receive: own, adds: true)
      : Exchange(partner: rank ^ (1 << round), send: own, receive: other, adds: false)
  }
}
