internal import COpenBLAS
internal import CVector
import Foundation

extension BLASLibrary {
  /// Lets OpenBLAS choose its kernels again where it has taken those of 2004 for a processor that it does not know.
  ///
  /// OpenBLAS 0.3.21 goes by the model's number: on Intel's Emerald Rapids, for one, it falls back to `Prescott`, at
  /// an eighth of the speed. Without effect if `OPENBLAS_CORETYPE` is set, and on an OpenBLAS for one processor. To be
  /// called before the first product; the choice is a function of the processor alone.
  static func useKernelsOfProcessor() { _ = hasChosen }

  /// Kernels without AVX2.
  private static let old: Set<String> = [
    "Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Sandybridge",
  ]

  private static let hasChosen: Bool = {
    let bits = bt_vector_bits()
    guard getenv("OPENBLAS_CORETYPE") == nil, bits >= 256,
      old.contains(String(cString: openblas_get_corename())),
      let quit = function("gotoblas_dynamic_quit"), let choose = function("gotoblas_dynamic_init")
    else { return false }
    setenv("OPENBLAS_CORETYPE", bits >= 512 ? "SkylakeX" : "Haswell", 1)
    quit()
    choose()
    unsetenv("OPENBLAS_CORETYPE")
    return true
  }()

  /// What OpenBLAS runs when it is loaded; not in its header.
  private static func function(_ name: String) -> (@convention(c) () -> Void)? {
    // Among the libraries of the program; nil is glibc's RTLD_DEFAULT.
    dlsym(nil, name).map { unsafeBitCast($0, to: (@convention(c) () -> Void).self) }
  }
}
