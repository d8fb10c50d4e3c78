import DataParallel
import Files
import Foundation
import Layers
import MPI
import Tensors
import TwinNetwork

/// `loss FIXTURE FORM SHARDS OUT`: the loss and its gradient, each rank with its own rows of the fixture's embeddings.
struct LossProbe {
  let fixture: SafetensorsFile
  let form: BarlowTwinsLoss.Form
  let group: ShardGroup
  let out: String
  let communicator: Communicator

  init(_ arguments: [String], _ communicator: Communicator) throws {
    fixture = try SafetensorsFile(path: arguments[1])
    form = BarlowTwinsLoss.Form(rawValue: arguments[2])!
    group = try ShardGroup(communicator, shards: Int(arguments[3])!)
    out = arguments[4]
    self.communicator = communicator
  }

  func run() throws {
    let shape = try fixture.entry("z1").shape
    let (rows, features) = (shape[0] / group.shards, shape[1])
    // No layers: the network's input is the embedding.
    let arena = try ParameterArena(ParameterLayout())
    let workspace = try Workspace(
      batch: group, parameters: arena, statistics: arena, isTraining: true, convolution: .auto, largestGroup: 0)
    let network = try PlannedNetwork(
      Sequential([]), input: TensorShape(samples: 2 * rows, channels: features), workspace)
    let views = [try fixture.floats(of: "z1"), try fixture.floats(of: "z2")]
    for (local, shard) in group.localShards.enumerated() {
      for view in 0..<2 {
        for i in 0..<rows * features {
          network.input.values[local].pointer[view * rows * features + i] = views[view][shard * rows * features + i]
        }
      }
    }
    let lambd = Double(fixture.metadata["lambd"]!)!
    let loss = try BarlowTwinsLoss(embeddings: network.output, batch: group, lambd: lambd, form: form)
    let value = try loss.forwardBackward()
    let gradients = try gatherViews(network.output.gradients, perView: rows * features, group)
    try communicator.onRoot {
      try SafetensorsWriter.write(
        [
          NamedTensor(name: "grad_z1", shape: shape, pointer: gradients[0].pointer),
          NamedTensor(name: "grad_z2", shape: shape, pointer: gradients[1].pointer),
        ],
        metadata: [
          "loss": "\(value.total)", "invariance": "\(value.invariance)", "redundancy": "\(value.redundancy)",
          "dead": "\(value.deadFeatures)",
        ], to: out)
    }
  }
}

/// Both views' rows of all shards, from shard buffers that hold view 1's rows and then view 2's.
func gatherViews(_ shards: [AlignedBuffer<Float>], perView: Int, _ group: ShardGroup) throws -> [AlignedBuffer<Float>] {
  try (0..<2).map { view in
    let all = AlignedBuffer<Float>(perView * group.shards)
    for (local, shard) in group.localShards.enumerated() {
      (all.pointer + shard * perView).update(from: shards[local].pointer + view * perView, count: perView)
    }
    try group.gather(all.pointer, countPerShard: perView, at: "test")
    return all
  }
}
