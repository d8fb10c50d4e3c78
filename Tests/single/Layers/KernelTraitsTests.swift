import Layers
import Tensors
import Testing

@Suite struct KernelTraitsTests {
  @Test func namesLibrariesAndKernels() {
    let traits = KernelTraits.current
    #expect(traits.blas.wholeMatch(of: /OpenBLAS \d+\.\d+\.\d+, \w+ kernels/) != nil, "\(traits.blas)")
    #expect(traits.oneDNN.wholeMatch(of: /oneDNN \d+\.\d+\.\d+, (sse|avx)\w+/) != nil, "\(traits.oneDNN)")
    #expect(traits.mathLibrary.wholeMatch(of: /glibc \d+\.\d+/) != nil, "\(traits.mathLibrary)")
    #expect(traits.threads == ThreadPool.threads)
  }
}
