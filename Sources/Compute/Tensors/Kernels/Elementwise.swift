/// Loops over flat float arrays, split over the rank's threads. They run at memory bandwidth.
package enum Elementwise {
  /// Elements that a thread takes at a time.
  package static let grain = 1 << 14

  /// Calls `body(start, count)` for pieces of `0..<count`, in parallel on the rank's threads.
  ///
  /// Inlinable, since the compiler does not carry `package` functions into other modules by itself: without, AdamW takes 5 %
  /// longer.
  @inlinable @inline(__always)
  package static func forEachPiece(of count: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
    let pieces = (count + grain - 1) / grain
    ThreadPool.forEachRange(of: pieces) { range in
      let start = range.lowerBound * grain
      body(start, min(range.upperBound * grain, count) - start)
    }
  }

  /// y[i] += x[i]
  package static func add(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    forEachPiece(of: count) { start, count in
      let (x, y) = (x + start, y + start)
      for i in 0..<count { y[i] += x[i] }
    }
  }

  /// y[i] += x[i] in double precision; for short vectors of statistics.
  package static func add(_ x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>, count: Int) {
    for i in 0..<count { y[i] += x[i] }
  }

  /// x[i] = max(0, x[i]); NaN stays NaN.
  package static func rectify(_ x: UnsafeMutablePointer<Float>, count: Int) {
    forEachPiece(of: count) { start, count in
      let x = x + start
      for i in 0..<count { x[i] = x[i] < 0 ? 0 : x[i] }
    }
  }

  /// gradient[i] = 0 where output[i] ≤ 0; where the output is not a number the gradient stays.
  package static func mask(_ gradient: UnsafeMutablePointer<Float>, whereZero output: UnsafePointer<Float>, count: Int)
  {
    forEachPiece(of: count) { start, count in
      let (gradient, output) = (gradient + start, output + start)
      for i in 0..<count { gradient[i] = output[i] <= 0 ? 0 : gradient[i] }
    }
  }
}
