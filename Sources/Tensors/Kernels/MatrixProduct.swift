import COneDNN
import COpenBLAS

/// General matrix products through OpenBLAS, or through oneDNN where OpenBLAS's kernels are for older processors than
/// this one (`BLASLibrary.isOutdated`); row-major throughout.
public enum MatrixProduct {
  /// C = alpha · op(A) · op(B) + beta · C
  ///
  /// op(A) is m×k, op(B) is k×n, C is m×n. A leading dimension is the distance between rows as they are stored.
  public static func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, transposeA: Bool = false, strideA: Int,
    b: UnsafePointer<Float>, transposeB: Bool = false, strideB: Int,
    beta: Float = 0, c: UnsafeMutablePointer<Float>, strideC: Int
  ) {
    guard m > 0, n > 0 else { return }
    if BLASLibrary.isOutdated {
      let (plain, transposed) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "T")))
      let status = dnnl_sgemm(
        transposeA ? transposed : plain, transposeB ? transposed : plain, dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(k),
        alpha, a, dnnl_dim_t(strideA), b, dnnl_dim_t(strideB), beta, c, dnnl_dim_t(strideC))
      precondition(status == dnnl_success, "leading dimensions are at least as long as rows")
      return
    }
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(strideA), b, blasint(strideB), beta, c, blasint(strideC))
  }
}
