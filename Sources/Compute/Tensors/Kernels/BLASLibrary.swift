internal import COpenBLAS

/// The OpenBLAS that this process has loaded.
package enum BLASLibrary {
  /// The version, and the processor family whose kernels were chosen at the start: `OpenBLAS 0.3.21, SkylakeX kernels`.
  package static var description: String {
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH … SkylakeX MAX_THREADS=64"
    let words = String(cString: openblas_get_config()).split(separator: " ").prefix(2)
    return "\(words.joined(separator: " ")), \(String(cString: openblas_get_corename())) kernels"
  }

  /// Whether it has threads besides OpenMP's, with which they fight over the cores: its pthreads build.
  package static var hasThreadsOfItsOwn: Bool { openblas_get_parallel() == 1 }
}
