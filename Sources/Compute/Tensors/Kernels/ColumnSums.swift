/// Sums of products in double precision, in an order that depends on the shape alone.
package enum ColumnSums {
  /// Σᵢ x[i]·y[i]; products and short runs in single precision, the rest in double.
  package static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Double {
    typealias V = SIMD16<Float>
    var total = 0.0
    var start = 0
    while start + 16 <= count {
      let end = min(count & ~15, start + 512)
      var sum = V.zero
      while start < end {
        let a = UnsafeRawPointer(x + start).loadUnaligned(as: V.self)
        let b = UnsafeRawPointer(y + start).loadUnaligned(as: V.self)
        sum.addProduct(a, b)
        start += 16
      }
      for lane in 0..<16 { total += Double(sum[lane]) }
    }
    while start < count {
      total += Double(x[start]) * Double(y[start])
      start += 1
    }
    return total
  }

  /// sums[j] = Σᵢ x[i, j]·y[i, j] over the rows of two matrices.
  package static func products(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, rows: Int, columns: Int,
    into sums: UnsafeMutablePointer<Double>
  ) {
    ThreadPool.forEachRange(of: (columns + 63) / 64) { range in
      let (first, last) = (range.lowerBound * 64, min(columns, range.upperBound * 64))
      for j in first..<last { sums[j] = 0 }
      for i in 0..<rows {
        let (x, y) = (x + i * columns, y + i * columns)
        for j in first..<last { sums[j] += Double(x[j]) * Double(y[j]) }
      }
    }
  }
}
