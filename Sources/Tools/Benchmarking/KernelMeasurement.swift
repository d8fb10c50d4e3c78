import Layers
import MPI

/// How fast a kernel passes over memory.
package struct KernelMeasurement: Sendable, Encodable {
  package var name: String
  /// Channels × extents × samples, or numbers.
  package var size: String
  /// Read and written in a run on one rank.
  package var bytes: Int
  package var ms: Spread
  /// Over all ranks, at the median.
  package var bytesPerSecond: Double
  /// The median of its bandwidth over that of a triad next to it on arrays that no cache holds.
  package var shareOfMemory: Double
  /// The same for a triad on as much memory as the kernel's, some of which a cache may hold.
  package var shareOfTriad: Double
}

/// The bandwidth of the memory, and of the kernels that it limits, at sizes of the two ResNet-18s.
package struct MemoryMeasurement: Sendable, Encodable {
  /// Of the triad over all ranks, 12 bytes an element.
  package var bytesPerSecond: Spread
  /// Of its three arrays on a rank.
  package var triadBytes: Int
  package var kernels: [KernelMeasurement] = []

  /// Each kernel in turns with the triads. A collective.
  ///
  /// - Parameter tensorBytes: of each kernel's tensor; nil: those of the first stages of a 2-D ResNet-18 at batch 128
  ///   and a 3-D one at batch 8, and an arena of 20 million parameters.
  init(tensorBytes: Int?, repeats: Int, warmup: Int, _ communicator: Communicator) throws {
    let triad = try MemoryTriad(bytes: tensorBytes.map { 4 * $0 })
    triadBytes = triad.bytes
    var memory: [Double] = []
    func measure(_ kernels: [MemoryKernel]) throws {
      for kernel in kernels {
        var (times, shares, triadShares): ([Double], [Double], [Double]) = ([], [], [])
        for step in 0..<warmup + repeats {
          let whole = try triad.bytesPerSecond(over: triad.bytes, communicator)
          let time = try communicator.milliseconds(kernel.run)
          let part = try triad.bytesPerSecond(over: kernel.footprint, communicator)
          guard step >= warmup else { continue }
          let rate = Double(kernel.bytes) / time * 1e3
          times.append(time)
          memory.append(whole)
          shares.append(rate / whole)
          triadShares.append(rate / part)
        }
        let spread = Spread(times)
        let rate = try communicator.sum(Double(kernel.bytes) / spread.median * 1e3)
        self.kernels.append(
          KernelMeasurement(
            name: kernel.name, size: kernel.size, bytes: kernel.bytes, ms: spread, bytesPerSecond: rate,
            shareOfMemory: Spread(shares).median, shareOfTriad: Spread(triadShares).median))
      }
    }
    bytesPerSecond = Spread([0])
    for (spatial, samples) in [([32, 32], 256), ([32, 32, 32], 16)] {
      let shape = Self.shape(spatial, samples, tensorBytes)
      // One after the other, so that each gives its memory back.
      try measure(MemoryKernel.normalisation(shape, addsShortcut: false))
      try measure(MemoryKernel.normalisation(shape, addsShortcut: true))
      try measure([MemoryKernel.sum(shape)])
    }
    try measure(MemoryKernel.optimizer(tensorBytes.map { $0 / 4 } ?? 20_000_000))
    bytesPerSecond = Spread(memory)
    let all = try communicator.sum(bytesPerSecond.median) / bytesPerSecond.median
    bytesPerSecond.median *= all
    bytesPerSecond.minimum *= all
    bytesPerSecond.maximum *= all
  }

  private static func shape(_ spatial: [Int], _ samples: Int, _ bytes: Int?) -> TensorShape {
    var shape = TensorShape(samples: 2, channels: 64, spatial: spatial, layout: .channelBlocks)
    // Both views have the same number.
    let wanted = bytes.map { $0 / MemoryLayout<Float>.stride / shape.sampleStride } ?? samples
    shape.samples = max(2, wanted / 2 * 2)
    return shape
  }
}
