import COneDNN
import COpenBLAS

/// The OpenBLAS that this process has loaded.
public enum BLASLibrary {
  /// Version and the processor family whose kernels were chosen at start, such as `OpenBLAS 0.3.21, SkylakeX kernels`.
  public static var description: String {
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH … SkylakeX MAX_THREADS=64"
    let words = String(cString: openblas_get_config()).split(separator: " ").prefix(2)
    return "\(words.joined(separator: " ")), \(String(cString: openblas_get_corename())) kernels"
  }

  /// Whether OpenBLAS has chosen kernels with narrower vectors than this processor has.
  ///
  /// It knows no processor younger than itself: on an Intel of 2023, version 0.3.21 takes SSE kernels, at a fifth of the
  /// rate that it reaches with `OPENBLAS_CORETYPE=SkylakeX`.
  public static let isOutdated: Bool = {
    let bits =
      switch String(cString: openblas_get_corename()) {
      case "SkylakeX", "Cooperlake", "SapphireRapids": 512
      case "Haswell", "Zen", "Excavator": 256
      default: 128
      }
    let isa = dnnl_get_effective_cpu_isa().rawValue
    func has(_ wanted: dnnl_cpu_isa_t) -> Bool { isa & wanted.rawValue == wanted.rawValue }
    return bits < (has(dnnl_cpu_isa_avx512_core) ? 512 : has(dnnl_cpu_isa_avx2) ? 256 : 128)
  }()
}
