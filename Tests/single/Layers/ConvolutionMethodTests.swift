import Layers
import TestSupport
import Testing

/// What the methods of `ConvolutionFormTests` promise besides right numbers.
@Suite(.serialized) struct ConvolutionMethodTests {
  private static let shape = TensorShape(samples: 4, channels: 32, spatial: [3, 9, 6], layout: channelBlocks)

  /// The output, and the gradients of the input and of the weight.
  private func results(_ method: ConvolutionMethod) throws -> [[Double]] {
    let layer = Convolution("c", inputChannels: 32, outputChannels: 48, kernel: [3, 3, 3], padding: 1)
    let kernels = KernelChooser(KernelTable("c", method), isStrict: true)
    let test = try TestNetwork([layer], input: Self.shape, shards: 2, convolution: .auto, kernels: kernels)
    let y = try test.forward(Samples(4, 32, [3, 9, 6], seed: 6))
    let dx = try #require(try test.backward(Samples(4, 48, [3, 9, 6], seed: 7)))
    return [y.values, dx.values, try test.gradient("c.weight")]
  }

  /// Otherwise the cases would compare oneDNN's direct kernels again and again.
  @Test func methodsAreNotTheSame() throws {
    let all = try [ConvolutionMethod.direct, .matrixProduct, .planes].map(results)
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
      // Where oneDNN has no kernel for the weight gradient, matrix products take its place.
      for part in 0..<(b == 1 ? 2 : 3) {
        #expect(all[a][part] != all[b][part] && distance(all[a][part], from: all[b][part]) < 1e-5)
      }
    }
  }

  /// One thread computes each product of planes.
  @Test func threadsChangeNoBitOfPlanes() throws {
    var all: [[[Double]]] = []
    try withThreads([1, 2, 3]) { _ in all.append(try results(.planes)) }
    #expect(all[0] == all[1] && all[0] == all[2])
  }

  @Test(arguments: [1, 2]) func matrixProductsGiveTheSameBitsAgain(threads: Int) throws {
    try withThreads([threads]) { _ in
      let first = try results(.matrixProduct)
      for _ in 0..<5 { #expect(try results(.matrixProduct) == first) }
    }
  }
}
