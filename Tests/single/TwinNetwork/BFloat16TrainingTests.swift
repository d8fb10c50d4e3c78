import Encoders
import Layers
import Optimization
import TestSupport
import Testing
import TwinNetwork

/// A run in bf16 next to the same one in float32.
@Suite(bfloat16IsThere) struct BFloat16TrainingTests {
  struct Workload: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shape: [Int]
    let encoder: @Sendable () throws -> Encoder
  }

  static let workloads = [
    Workload(testDescription: "mlp", shape: [40]) { MLP(inputs: 40, hidden: [64, 64, 32]).encoder },
    Workload(testDescription: "resnet18", shape: [3, 8, 8]) {
      try ResNet.resnet18(channels: 3, width: 16, stem: .small).encoder()
    },
    Workload(testDescription: "resnet3d-18", shape: [1, 8, 8, 8]) {
      try ResNet.resnet3D18(channels: 1, width: 16, embedding: 32).encoder()
    },
  ]

  /// The losses of 20 steps of AdamW over the same 16 pairs of views.
  private func losses(_ workload: Workload, _ element: TensorShape.Element, shards: Int = 2) throws -> [Double] {
    let encoder = try workload.encoder()
    let network = try BarlowTwinsNetwork(
      encoder: encoder, projector: Projector(inputs: encoder.features, hidden: 64, outputs: 64),
      sampleShape: workload.shape, samplesPerShard: 16 / shards, batch: LocalBatch(shards: shards), lambd: 0.02,
      element: element)
    try network.state.initialise(seed: 1)
    let rows = 16 / shards
    let size = workload.shape.reduce(1, *)
    let (samples, noise) = (normalNumbers(16 * size, seed: 2), normalNumbers(2 * 16 * size, seed: 3))
    for (shard, buffer) in network.inputs.enumerated() {
      for i in 0..<buffer.count {
        let (view, place) = (i / (rows * size), shard * rows * size + i % (rows * size))
        buffer.pointer[i] = samples[place] + 0.5 * noise[view * 16 * size + place]
      }
    }
    let arena = network.state.parameters
    let optimizer = try Adam(try ParameterGroups(arena.layout, weightDecay: 1e-4), decay: .decoupled)
    return try (0..<20).map { _ in
      let loss = try network.forwardBackward()
      optimizer.step(arena, learningRate: 1e-3)
      return loss.total
    }
  }

  /// Losses fall to a fraction of the first; each is as in float32, to within a tenth of the first.
  @Test(arguments: workloads) func followsFloat32(_ workload: Workload) throws {
    let (half, full) = (try losses(workload, .bfloat16), try losses(workload, .float32))
    for (a, b) in zip(half, full) { #expect(a.isFinite && abs(a - b) < 0.1 * full[0], "\(a) for \(b)") }
    #expect(half.last! < 0.8 * half[0])
    // The embeddings are rounded somewhere: it is not float32.
    #expect(half[0] != full[0])
  }
}
