import Foundation

/// A sequence of random numbers that is a function of (seed, purpose, epoch, sample, view), and of nothing else.
///
/// A value type: a copy continues with the same numbers. The four numbers are the upper part of Philox's counter and
/// the position in the sequence is the lowest word, so streams never overlap within 2³⁴ words, for samples below 2⁴⁸,
/// epochs below 2³² and views below 2⁸. What a stream stands for is up to the caller: an initialisation uses `sample`
/// as the number of the parameter.
public struct PhiloxStream: Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4
  /// The second number of the last Box-Muller pair.
  private var spare: Float?

  public init(seed: UInt64, purpose: RandomPurpose, epoch: Int = 0, sample: Int = 0, view: Int = 0) {
    key = Philox.key(seed: seed)
    let high = UInt32(truncatingIfNeeded: sample >> 32) & 0xFFFF
    counter = SIMD4(
      0, UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: epoch),
      UInt32(purpose.rawValue) << 24 | UInt32(UInt8(truncatingIfNeeded: view)) << 16 | high)
  }

  /// 32 random bits.
  public mutating func word() -> UInt32 {
    if used == 4 {
      words = Philox.block(counter: counter, key: key)
      counter.x = counter.x &+ 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// Uniform in [0, 1): a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float { Float(word() >> 8) * 0x1p-24 }

  /// Uniform between the bounds; a range of one number gives that number, and still draws.
  public mutating func uniform(in range: ClosedRange<Float>) -> Float {
    let value = range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    return min(value, range.upperBound)
  }

  /// Uniform in `0..<bound`, without bias (words that would give one are drawn again). `bound` is in 1...2³².
  public mutating func integer(below bound: Int) -> Int {
    let bound = UInt64(max(1, min(bound, 1 << 32)))
    // 2³² mod bound: the lowest products that would make some results more likely than others.
    let reject = (1 << 32) % bound
    while true {
      let product = UInt64(word()) &* bound
      if product & 0xFFFF_FFFF >= reject { return Int(product >> 32) }
    }
  }

  /// True with the given probability; at 0 never, at 1 always.
  public mutating func bernoulli(_ probability: Float) -> Bool { uniform() < probability }

  /// Normal with mean 0 and variance 1 (Box and Muller 1958): two words a pair of numbers, magnitudes below 6.7.
  public mutating func normal() -> Float {
    if let value = spare {
      spare = nil
      return value
    }
    // In (0, 1]: the logarithm is finite.
    let radius = (-2 * log((Float(word()) + 1) * 0x1p-32)).squareRoot()
    let angle = 2 * Float.pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }
}
