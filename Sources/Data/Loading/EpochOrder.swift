import Tensors

/// The order of the samples in an epoch, as a function of (seed, epoch) that needs no memory.
///
/// A keyed permutation: a balanced Feistel network of 10 rounds over the smallest domain of an even number of bits
/// that holds all samples, with Philox as the round function. A value beyond the samples is put through again until
/// it is one of them (cycle walking: less than 4 times on average). Without shuffling it is the identity.
package struct EpochOrder: Sendable {
  package let count: Int
  package let seed: UInt64
  package let shuffle: Bool
  private let halfBits: Int
  private let key: SIMD2<UInt32>

  private static let rounds: UInt32 = 10

  /// `count` is in 1...2⁶².
  package init(count: Int, seed: UInt64, shuffle: Bool = true) {
    self.count = count
    self.seed = seed
    self.shuffle = shuffle
    let bits = Int.bitWidth - max(0, count - 1).leadingZeroBitCount
    halfBits = min(31, max(1, (bits + 1) / 2))
    key = Philox.key(seed: seed)
  }

  /// The sample at a position of an epoch: 0.1 to 1 µs. A position outside `0..<count` is returned as it is.
  package func sample(at position: Int, epoch: Int) -> Int {
    guard shuffle, position >= 0, position < count else { return position }
    var value = permute(UInt64(position), epoch)
    // This ends, at the latest when the permutation's cycle comes back to `position`.
    while value >= UInt64(count) { value = permute(value, epoch) }
    return Int(value)
  }

  private func permute(_ value: UInt64, _ epoch: Int) -> UInt64 {
    let mask = UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(halfBits)) - 1)
    var left = UInt32(truncatingIfNeeded: value >> UInt64(halfBits)) & mask
    var right = UInt32(truncatingIfNeeded: value) & mask
    for round in 0..<Self.rounds {
      let counter = SIMD4(
        right, round, UInt32(truncatingIfNeeded: epoch), UInt32(RandomPurpose.order.rawValue) << 24)
      (left, right) = (right, left ^ (Philox.block(counter: counter, key: key).x & mask))
    }
    return UInt64(left) << UInt64(halfBits) | UInt64(right)
  }
}
