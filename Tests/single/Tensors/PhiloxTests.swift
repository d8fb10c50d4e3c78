import Tensors
import Testing

@Suite struct PhiloxTests {
  /// Random123's kat_vectors for philox4x32 with 10 rounds.
  @Test func publishedVectors() {
    #expect(
      Philox.block(counter: SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox.block(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.block(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func streamsDifferInEveryCoordinate() {
    var first: Set<UInt32> = []
    for seed in [0, 1, 1 << 40] as [UInt64] {
      for purpose in RandomPurpose.allCases {
        for (epoch, sample, view) in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1 << 33, 0)] {
          var stream = PhiloxStream(seed: seed, purpose: purpose, epoch: epoch, sample: sample, view: view)
          first.insert(stream.word())
        }
      }
    }
    #expect(first.count == 3 * RandomPurpose.allCases.count * 5)
  }

  @Test func aCopyGoesOnTheSameWay() {
    var stream = PhiloxStream(seed: 5, purpose: .evaluation)
    _ = (stream.word(), stream.normal())
    var copy = stream
    for _ in 0..<20 {
      let (a, b) = (stream.normal(), copy.normal())
      let (c, d) = (stream.word(), copy.word())
      #expect(a == b && c == d)
    }
  }

  @Test func momentsAndRanges() {
    var stream = PhiloxStream(seed: 1, purpose: .evaluation)
    let n = 100_000
    var (uniformSum, sum, squares, fourth, heads) = (0.0, 0.0, 0.0, 0.0, 0)
    var histogram = [Int](repeating: 0, count: 7)
    for _ in 0..<n {
      let uniform = stream.uniform()
      #expect(uniform >= 0 && uniform < 1)
      uniformSum += Double(uniform)
      let normal = Double(stream.normal())
      (sum, squares, fourth) = (sum + normal, squares + normal * normal, fourth + normal * normal * normal * normal)
      heads += stream.bernoulli(0.3) ? 1 : 0
      histogram[stream.integer(below: 7)] += 1
    }
    let count = Double(n)
    // Five standard errors each.
    #expect(abs(uniformSum / count - 0.5) < 5 * 0.29 / count.squareRoot())
    #expect(abs(sum / count) < 5 / count.squareRoot())
    #expect(abs(squares / count - 1) < 5 * 1.42 / count.squareRoot())
    #expect(abs(fourth / count - 3) < 5 * 9.8 / count.squareRoot())
    #expect(abs(Double(heads) / count - 0.3) < 5 * 0.46 / count.squareRoot())
    for bin in histogram { #expect(abs(Double(bin) / count - 1 / 7) < 5 * 0.35 / count.squareRoot()) }
  }

  @Test func extremes() {
    var stream = PhiloxStream(seed: 1, purpose: .evaluation)
    for _ in 0..<1000 {
      let (never, always) = (stream.bernoulli(0), stream.bernoulli(1))
      #expect(!never && always)
      let (two, zero, small) = (stream.uniform(in: 2...2), stream.integer(below: 1), stream.uniform(in: 0...0.1))
      #expect(two == 2 && zero == 0 && (0...0.1).contains(small))
    }
  }
}
