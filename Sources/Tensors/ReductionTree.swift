/// The fixed binary tree along which everything that sums over the batch is summed: the part within a rank.
///
/// The leaves are the shards of the batch. Neighbours are added, then neighbouring pairs, and so on:
/// ((0+1)+(2+3))+((4+5)+(6+7)). A rank owns consecutive leaves, so when their number is a power of two its part is a
/// whole subtree, and `DataParallel` goes on across ranks in the same order. Floating-point addition is
/// commutative, so only this shape matters, not who adds.
public enum ReductionTree {
  /// Sums `leaves` leaves of `count` numbers, stored one behind the other, into the first.
  public static func reduce(_ values: UnsafeMutablePointer<Double>, leaves: Int, count: Int) {
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
  public static func slot(of leaf: Int) -> Int { leaf.nonzeroBitCount }

  /// Partial sums beside the result that `leaves` leaves need at most.
  public static func extraSlots(leaves: Int) -> Int {
    leaves <= 1 ? 0 : Int.bitWidth - (leaves - 1).leadingZeroBitCount
  }

  /// Adds what leaf `leaf`, just written to its slot, completes. After the last leaf slot 0 holds the sum.
  ///
  /// - Parameter target: slot 0.
  /// - Parameter partialSums: slots 1, 2, …
  public static func merge(
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
}
