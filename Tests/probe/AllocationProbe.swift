import Encoders
import Foundation
import Layers
import Optimization
import Tensors
import TwinNetwork

/// `allocations`: heap allocations of a step once the first ones are done, as a preloaded library counts them.
///
/// The library exports `bt_allocations`, the number of calls to `malloc` and its kin so far in all threads.
struct AllocationProbe {
  typealias Counter = @convention(c) () -> Int

  func run() throws {
    guard let symbol = dlsym(nil, "bt_allocations") else { fatalError("the counting library is not preloaded") }
    let counter = unsafeBitCast(symbol, to: Counter.self)
    let half: TensorShape.Element = BFloat16Support.current == .none ? .float32 : .bfloat16
    for (name, encoder, shape, element) in [
      ("mlp", MLP(inputs: 20, hidden: [32, 16]).encoder, [20], .float32),
      ("resnet18", try ResNet.resnet18(channels: 1, width: 16).encoder(), [1, 28, 28], .float32),
      ("dropout", DropoutProbe.encoder([1, 9, 8]), [1, 9, 8], .float32),
      ("bf16", try ResNet.resnet18(channels: 1, width: 16).encoder(), [1, 28, 28], half),
    ] as [(String, Encoder, [Int], TensorShape.Element)] {
      let network = try BarlowTwinsNetwork(
        encoder: encoder, projector: Projector(inputs: encoder.features, hidden: 64, outputs: 64), sampleShape: shape,
        samplesPerShard: 8, batch: LocalBatch(shards: 2), lambd: 0.005, element: element)
      try network.state.initialise(seed: 1)
      for buffer in network.inputs { for i in 0..<buffer.count { buffer.pointer[i] = Float(i * 7919 % 1000) / 1000 } }
      let randomness = StepRandomness(seed: 1, step: 0)
      for _ in 0..<3 { _ = try network.forwardBackward(randomness) }
      let before = counter()
      for _ in 0..<10 { _ = try network.forwardBackward(randomness) }
      print("\(name) \((counter() - before) / 10)")
      if name == "resnet18" { try countOptimizers(network.state.parameters, counter) }
    }
  }

  private func countOptimizers(_ arena: ParameterArena, _ counter: Counter) throws {
    let (groups, norm) = (try ParameterGroups(arena.layout, weightDecay: 1e-4), try GradientNorm(arena.layout))
    let optimizers: [any Optimizer] = [
      try Adam(groups, decay: .l2, amsgrad: true), try SGD(groups, momentum: 0.9), try LARS(groups),
    ]
    let clippings = [GradientClipping.norm(1), .value(0.1)]
    for optimizer in optimizers {
      let before = counter()
      for clipping in clippings {
        clipping.apply(to: arena, norm: norm.measure(arena))
        optimizer.step(arena, learningRate: 1e-3)
      }
      let allocations = counter() - before
      print("\(type(of: optimizer)) \(allocations)")
    }
  }
}
