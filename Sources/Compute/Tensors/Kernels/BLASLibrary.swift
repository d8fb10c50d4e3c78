internal import COpenBLAS

/// The OpenBLAS that this process has loaded.
package enum BLASLibrary {
  /// Version and the processor family whose kernels were chosen at start, such as `OpenBLAS 0.3.21, SkylakeX kernels`.
  package static var description: String {
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH … SkylakeX MAX_THREADS=64"
    let words = String(cString: openblas_get_config()).split(separator: " ").prefix(2)
    return "\(words.joined(separator: " ")), \(String(cString: openblas_get_corename())) kernels"
  }

  /// Whether it computes on threads of its own beside OpenMP's, with which they fight over the cores: its pthreads build.
  package static var hasThreadsOfItsOwn: Bool { openblas_get_parallel() == 1 }
}
