import Diagnostics
import Foundation
import MPI
import Tensors
import Training

/// What the processors can do at matrix products, in flops a second.
enum MatrixPeak {
  /// The best of several products of two matrices of this size by OpenBLAS, on the threads of all ranks at once; the
  /// sum over the ranks. A collective.
  static func measure(_ communicator: Communicator, size n: Int = 2048, repeats: Int = 5) throws -> Double {
    let (a, b) = (try AlignedBuffer<Float>(n, n), try AlignedBuffer<Float>(n, n))
    let c = try AlignedBuffer<Float>(n, n)
    for i in 0..<n * n { (a.pointer[i], b.pointer[i]) = (Float(i % 7) - 3, Float(i % 5) - 2) }
    var best = 0.0
    for _ in 0...repeats {
      // So that all begin together.
      _ = try communicator.maximum([0])
      let start = monotonicSeconds()
      MatrixProduct.multiply(
        m: n, n: n, k: n, a: a.pointer, strideA: n, b: b.pointer, strideB: n, c: c.pointer, strideC: n)
      best = max(best, 2 * Double(n) * Double(n) * Double(n) / (monotonicSeconds() - start))
    }
    return try communicator.sum(best)
  }
}

extension Communicator {
  /// The sum of one number of every rank. A collective.
  func sum(_ value: Double) throws -> Double {
    try allGather("\(value)").reduce(0) { $0 + (Double($1) ?? 0) }
  }
}
