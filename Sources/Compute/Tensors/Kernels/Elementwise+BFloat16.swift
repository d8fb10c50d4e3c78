/// The loops over activations again, for numbers of 16 bits; each result is rounded once.
extension Elementwise {
  /// y[i] += x[i]
  package static func add(_ x: UnsafePointer<BFloat16>, into y: UnsafeMutablePointer<BFloat16>, count: Int) {
    forEachPiece(of: count) { start, count in
      let (x, y) = (x + start, y + start)
      for i in 0..<count { y[i] = BFloat16(y[i].float + x[i].float) }
    }
  }

  /// x[i] = max(0, x[i]); NaN stays NaN.
  package static func rectify(_ x: UnsafeMutablePointer<BFloat16>, count: Int) {
    forEachPiece(of: count) { start, count in
      let x = x + start
      for i in 0..<count { x[i].bitPattern = x[i].float < 0 ? 0 : x[i].bitPattern }
    }
  }

  /// gradient[i] = 0 where output[i] ≤ 0; where the output is not a number the gradient stays.
  package static func mask(
    _ gradient: UnsafeMutablePointer<BFloat16>, whereZero output: UnsafePointer<BFloat16>, count: Int
  ) {
    forEachPiece(of: count) { start, count in
      let (gradient, output) = (gradient + start, output + start)
      for i in 0..<count { gradient[i].bitPattern = output[i].float <= 0 ? 0 : gradient[i].bitPattern }
    }
  }

  /// y[i] = x[i], rounded.
  package static func convert(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<BFloat16>, count: Int) {
    forEachPiece(of: count) { start, count in
      let (x, y) = (x + start, y + start)
      for i in 0..<count { y[i] = BFloat16(x[i]) }
    }
  }

  /// y[i] = x[i]
  package static func convert(_ x: UnsafePointer<BFloat16>, to y: UnsafeMutablePointer<Float>, count: Int) {
    forEachPiece(of: count) { start, count in
      let (x, y) = (x + start, y + start)
      for i in 0..<count { y[i] = x[i].float }
    }
  }
}
