import Synchronization
import Tensors
import TestSupport
import Testing

/// Runs `body` with each number of threads and puts the old number back.
func withThreads(_ counts: [Int], _ body: (Int) throws -> Void) rethrows {
  let threads = ThreadPool.threads
  defer { ThreadPool.configure(threads: threads) }
  for count in counts {
    ThreadPool.configure(threads: count)
    try body(count)
  }
}

@Suite(.serialized) struct ThreadPoolTests {
  @Test(arguments: [0, 1, 2, 3, 7, 64, 1001]) func everyIndexComesOnce(tasks: Int) {
    withThreads([1, 2, 3]) { threads in
      let visits = AlignedBuffer<Int64>(tasks)
      let calls = Atomic(0)
      ThreadPool.forEachRange(of: tasks) { range in
        calls.add(1, ordering: .relaxed)
        for index in range { visits.pointer[index] += 1 }
      }
      #expect(visits.elements.allSatisfy { $0 == 1 })
      #expect(calls.load(ordering: .relaxed) == min(threads, tasks), "ranges are not empty, one a thread")
    }
  }

  @Test func theNumberOfThreadsIsWhatWasAskedFor() {
    withThreads([1, 2, 3]) { #expect(ThreadPool.threads == $0) }
  }
}

@Suite struct ElementwiseTests {
  /// Around one vector, one piece of a thread, and several pieces.
  private static let sizes = [0, 1, 7, 16, 33, 16_383, 16_384, 16_385, 40_001]
  private static let special: [Float] = [
    .nan, -.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1, -1,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
  ]

  /// Special values everywhere, so that both the vectors and the rest after them see each.
  private func values(_ count: Int, seed: UInt64) -> [Float] {
    (0..<count).map { $0 % 3 == 0 ? Self.special[($0 / 3 + Int(seed)) % Self.special.count] : noise($0, seed: seed) }
  }

  @Test(arguments: sizes) func addition(count: Int) {
    let (x, y) = (values(count, seed: 1), values(count, seed: 2))
    let sum = AlignedBuffer(copying: y)
    withThreads([1, 2]) { _ in
      copy(y, to: sum.pointer)
      Elementwise.add(x, into: sum.pointer, count: count)
      #expect((0..<count).allSatisfy { same(sum.pointer[$0], y[$0] + x[$0]) })
    }
  }

  @Test(arguments: sizes) func triad(count: Int) {
    let (a, b, c) = (values(count, seed: 5), values(count, seed: 6), AlignedBuffer<Float>(count))
    withThreads([1, 2]) { _ in
      Elementwise.triad(a, b, factor: 0.5, into: c.pointer, count: count)
      // The compiler may or may not round between the operations.
      #expect(
        (0..<count).allSatisfy {
          same(c.pointer[$0], a[$0] + 0.5 * b[$0]) || same(c.pointer[$0], a[$0].addingProduct(0.5, b[$0]))
        })
    }
  }

  @Test(arguments: sizes) func rectifying(count: Int) {
    let x = values(count, seed: 3)
    withThreads([1, 2]) { _ in
      let y = AlignedBuffer(copying: x)
      Elementwise.rectify(y.pointer, count: count)
      #expect((0..<count).allSatisfy { x[$0].isNaN ? y.pointer[$0].isNaN : y.pointer[$0] == max(0, x[$0]) })
    }
  }

  @Test(arguments: sizes) func masking(count: Int) {
    let (gradient, output) = (values(count, seed: 4), values(count, seed: 5))
    withThreads([1, 2]) { _ in
      let masked = AlignedBuffer(copying: gradient)
      Elementwise.mask(masked.pointer, whereZero: output, count: count)
      // As in PyTorch: what is not a number lets the gradient through, so that it is seen.
      #expect((0..<count).allSatisfy { same(masked.pointer[$0], output[$0] <= 0 ? 0 : gradient[$0]) })
    }
  }

  @Test(arguments: [0, 1, 16_384, 50_000]) func piecesCoverEverythingOnce(count: Int) {
    withThreads([1, 3]) { _ in
      let visits = AlignedBuffer<Int64>(count)
      Elementwise.forEachPiece(of: count) { start, length in
        for i in start..<start + length { visits.pointer[i] += 1 }
      }
      #expect(visits.elements.allSatisfy { $0 == 1 })
    }
  }

  /// Equal bits, or both not a number.
  private func same(_ x: Float, _ y: Float) -> Bool { x.isNaN ? y.isNaN : x.bitPattern == y.bitPattern }
}

@Suite struct MatrixProductTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var m, n, k: Int
    var transposeA = false
    var transposeB = false
    var gap = 0
    var alpha: Float = 1
    var beta: Float = 0
    var testDescription: String { "\(m)×\(n)×\(k) \(transposeA) \(transposeB) gap \(gap) \(alpha) \(beta)" }
  }

  static let cases: [Case] = [(1, 1, 1), (3, 5, 7), (16, 33, 20), (40, 8, 65)].flatMap { m, n, k in
    [(false, false), (true, false), (false, true), (true, true)].flatMap { a, b in
      [
        Case(m: m, n: n, k: k, transposeA: a, transposeB: b),
        Case(m: m, n: n, k: k, transposeA: a, transposeB: b, gap: 3, alpha: -0.5, beta: 2),
      ]
    }
  }

  /// Against three loops in double precision; what lies between the rows of C stays.
  @Test(arguments: cases) func agreesWithThreeLoops(_ c: Case) {
    let (strideA, strideB) = ((c.transposeA ? c.m : c.k) + c.gap, (c.transposeB ? c.k : c.n) + c.gap)
    let strideC = c.n + c.gap
    let a = normalNumbers((c.transposeA ? c.k : c.m) * strideA, seed: 1)
    let b = normalNumbers((c.transposeB ? c.n : c.k) * strideB, seed: 2)
    let before = normalNumbers(c.m * strideC, seed: 3)
    let result = AlignedBuffer(copying: before)
    MatrixProduct.multiply(
      m: c.m, n: c.n, k: c.k, alpha: c.alpha, a: a, transposeA: c.transposeA, strideA: strideA, b: b,
      transposeB: c.transposeB, strideB: strideB, beta: c.beta, c: result.pointer, strideC: strideC)
    var expected = before
    for i in 0..<c.m {
      for j in 0..<c.n {
        var sum = 0.0
        for l in 0..<c.k {
          let x = a[c.transposeA ? l * strideA + i : i * strideA + l]
          sum += Double(x) * Double(b[c.transposeB ? j * strideB + l : l * strideB + j])
        }
        expected[i * strideC + j] = Float(Double(c.alpha) * sum + Double(c.beta) * Double(before[i * strideC + j]))
      }
    }
    #expect(relativeError(result.elements, to: expected) < 1e-6)
    for i in 0..<c.m {
      for j in c.n..<strideC { #expect(result.pointer[i * strideC + j] == before[i * strideC + j]) }
    }
  }

  @Test func betaZeroOverwritesWhatIsNotANumber() {
    let result = AlignedBuffer<Float>(copying: [.nan, .nan])
    MatrixProduct.multiply(
      m: 1, n: 2, k: 1, a: [2], strideA: 1, b: [3, 4], strideB: 2, c: result.pointer, strideC: 2)
    #expect(Array(result.elements) == [6, 8])
  }

  @Test func emptyProductsTouchNothing() {
    let result = AlignedBuffer<Float>(copying: [5])
    MatrixProduct.multiply(m: 0, n: 1, k: 1, a: [2], strideA: 1, b: [3], strideB: 1, c: result.pointer, strideC: 1)
    MatrixProduct.multiply(m: 1, n: 0, k: 1, a: [2], strideA: 1, b: [3], strideB: 1, c: result.pointer, strideC: 1)
    #expect(result.pointer[0] == 5)
  }
}

@Suite struct ColumnSumsTests {
  @Test(arguments: [0, 1, 15, 16, 17, 511, 512, 513, 528, 1024, 5003]) func dotAgreesWithADoubleLoop(count: Int) {
    let (x, y) = (normalNumbers(count, seed: 6), normalNumbers(count, seed: 7))
    let exact = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let scale = zip(x, y).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
    #expect(abs(ColumnSums.dot(x, y, count: count) - exact) <= 1e-6 * scale)
  }

  @Test(arguments: [0, 15, 16, 531]) func dotSeesEveryElement(place: Int) {
    let count = 532
    var x = [Float](repeating: 0, count: count)
    x[place] = 3
    #expect(ColumnSums.dot(x, x, count: count) == 9)
    x[place] = .nan
    #expect(ColumnSums.dot(x, x, count: count).isNaN)
  }

  @Test(arguments: [(1, 1), (5, 63), (7, 64), (3, 65), (9, 200)]) func productsAgreeWithADoubleLoop(
    rows: Int, columns: Int
  ) {
    let (x, y) = (normalNumbers(rows * columns, seed: 8), normalNumbers(rows * columns, seed: 9))
    let exact = (0..<columns).map { j in
      (0..<rows).reduce(0.0) { $0 + Double(x[$1 * columns + j]) * Double(y[$1 * columns + j]) }
    }
    withThreads([1, 2, 3]) { _ in
      let sums = AlignedBuffer<Double>(copying: [Double](repeating: .nan, count: columns))
      ColumnSums.products(x, y, rows: rows, columns: columns, into: sums.pointer)
      #expect(Array(sums.elements) == exact)
    }
  }
}

@Suite struct AlignedBufferTests {
  @Test(arguments: [0, 1, 15, 16, 1000]) func memoryIsAlignedAndZero(count: Int) {
    let buffer = AlignedBuffer<Float>(count)
    #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
    #expect(buffer.count == count && buffer.bytes == 4 * count && buffer.elements.count == count)
    #expect(buffer.elements.allSatisfy { $0.bitPattern == 0 })
  }

  @Test func zeroingReachesTheLastElement() {
    let buffer = AlignedBuffer<Double>(copying: [1, 2, 3])
    #expect(Array(buffer.elements) == [1, 2, 3])
    buffer.zero()
    #expect(Array(buffer.elements) == [0, 0, 0])
  }
}
