/// The counter-based generator Philox 4x32-10: 128 random bits as a pure function of a counter and a key.
///
/// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011. There is no state, so a random
/// number can belong to a sample rather than to a rank, a thread or an order of calls.
package enum Philox {
  /// The four words for `counter` under `key`; different counters give independent words. About 10 ns.
  package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let left = UInt64(c0) &* 0xD251_1F53
      let right = UInt64(c2) &* 0xCD9E_8D57
      c0 = UInt32(truncatingIfNeeded: right >> 32) ^ c1 ^ k0
      c2 = UInt32(truncatingIfNeeded: left >> 32) ^ c3 ^ k1
      c1 = UInt32(truncatingIfNeeded: right)
      c3 = UInt32(truncatingIfNeeded: left)
      // Weyl sequences of the golden ratio and of sqrt(3) − 1.
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }

  /// The key of a seed.
  package static func key(seed: UInt64) -> SIMD2<UInt32> {
    SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }
}

/// What random numbers are drawn for: streams of different purposes share no numbers.
public enum RandomPurpose: UInt8, Sendable, CaseIterable {
  // The values are part of what makes a run repeatable: never change or reuse one.
  case initialisation = 1
  case order = 2
  case augmentation = 3
  case syntheticData = 4
  /// Evaluation draws nothing now; values are never used again. Tests draw from it.
  case evaluation = 5
  case validation = 6
  case dropout = 7
}
