extension Elementwise {
  /// c[i] = a[i] + factor · b[i]: the triad of STREAM (McCalpin 1995, https://www.cs.virginia.edu/stream/), which shows
  /// what the memory gives to loops: 12 bytes an element, not counting what a cache reads of `c` before it writes.
  package static func triad(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, factor: Float, into c: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachPiece(of: count) { start, count in
      let (a, b, c) = (a + start, b + start, c + start)
      for i in 0..<count { c[i] = a[i] + factor * b[i] }
    }
  }
}
