internal import COpenBLAS

/// General matrix products through OpenBLAS; row-major throughout.
package enum MatrixProduct {
  /// C = alpha · op(A) · op(B) + beta · C
  ///
  /// op(A) is m×k, op(B) is k×n, C is m×n. A leading dimension is the distance between rows as they are stored.
  package static func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, transposeA: Bool = false, strideA: Int,
    b: UnsafePointer<Float>, transposeB: Bool = false, strideB: Int,
    beta: Float = 0, c: UnsafeMutablePointer<Float>, strideC: Int
  ) {
    guard m > 0, n > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(strideA), b, blasint(strideB), beta, c, blasint(strideC))
  }
}
