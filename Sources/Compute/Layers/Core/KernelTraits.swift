internal import COneDNN
import Diagnostics
import Glibc
import Tensors

/// What decides the bits of a rank's results besides its inputs: with equal traits they are equal.
public struct KernelTraits: Codable, Equatable, Sendable {
  /// Such as `OpenBLAS 0.3.21, SkylakeX kernels`.
  public var blas: String
  /// Such as `oneDNN 2.6.3, avx512_core_bf16`.
  public var oneDNN: String
  /// Such as `glibc 2.36`: random numbers and schedules use its logarithms and cosines.
  public var mathLibrary: String
  /// Threads of the rank: Winograd's weight gradient is summed in an order that depends on them, and so are matrix
  /// products.
  public var threads: Int

  public init(blas: String, oneDNN: String, mathLibrary: String, threads: Int) {
    self.blas = blas
    self.oneDNN = oneDNN
    self.mathLibrary = mathLibrary
    self.threads = threads
  }

  /// The libraries, not the threads, under the names that messages give them.
  public var libraries: [(name: String, text: String)] {
    [("BLAS kernels", blas), ("oneDNN kernels", oneDNN), ("C library", mathLibrary)]
  }

  /// Those of this process; the threads must have been configured.
  public static var current: KernelTraits {
    KernelTraits(
      blas: BLASLibrary.description, oneDNN: OneDNN.description,
      mathLibrary: cLibrary, threads: ThreadPool.threads)
  }
}

extension KernelTraits {
  /// `OpenBLAS 0.3.21, SkylakeX kernels; oneDNN 2.6.3, avx512_core; glibc 2.36; 1 thread`
  package var text: String { (libraries.map(\.text) + [threadsText]).joined(separator: "; ") }

  /// What the two have that is not equal, in words: `2 threads a rank` and `1 thread a rank`.
  package func differences(from other: KernelTraits) -> [(own: String, other: String)] {
    let own = libraries.map(\.text) + ["\(threadsText) a rank"]
    let others = other.libraries.map(\.text) + ["\(other.threadsText) a rank"]
    return zip(own, others).filter { $0 != $1 }.map { (own: $0, other: $1) }
  }

  package var threadsText: String { threads.counted("thread") }
}

/// `glibc 2.36`
private var cLibrary: String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
    confstr(Int32(_CS_GNU_LIBC_VERSION), text.baseAddress, text.count) > 0 ? String(cString: text.baseAddress!) : "?"
  }
}

extension OneDNN {
  /// Version and instruction set in use.
  static var description: String {
    let version = dnnl_version().pointee
    let isa = dnnl_get_effective_cpu_isa()
    let names: [(dnnl_cpu_isa_t, String)] = [
      (dnnl_cpu_isa_sse41, "sse41"), (dnnl_cpu_isa_avx, "avx"), (dnnl_cpu_isa_avx2, "avx2"),
      (dnnl_cpu_isa_avx2_vnni, "avx2_vnni"), (dnnl_cpu_isa_avx512_core, "avx512_core"),
      (dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"), (dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"),
      (dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"),
    ]
    let name = names.first { $0.0 == isa }?.1 ?? "instruction set \(isa.rawValue)"
    return "oneDNN \(version.major).\(version.minor).\(version.patch), \(name)"
  }
}
