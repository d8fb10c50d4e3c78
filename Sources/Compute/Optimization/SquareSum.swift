/// The sum of squares of vectors, in double: no square of a Float can overflow.
enum SquareSum {
  /// Floats that one task sums.
  static let block = 1 << 14

  /// `element(i)²` over all lanes and `vectors`, always in the same order.
  @inline(__always)
  static func of(_ vectors: Range<Int>, _ element: (Int) -> Vector) -> Double {
    var (low, high) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    for i in vectors {
      let vector = element(i)
      let (a, b) = (SIMD8<Double>(vector.lowHalf), SIMD8<Double>(vector.highHalf))
      low.addProduct(a, a)
      high.addProduct(b, b)
    }
    return (low + high).sum()
  }
}
