/// oneDNN's kernel for one direction of a layer with weights, and the layouts of input and output that it computes in.
struct LayerKernel {
  let primitive: Primitive
  let input: MemoryDescriptor
  let output: MemoryDescriptor
  /// The weight's shape as the kernel sees it; in memory it is PyTorch's.
  let weightShape: [Int]
}
