import DataParallel
import Encoders
import Files
import Foundation
import Layers
import MPI
import TwinNetwork

/// `network FIXTURE ENCODER CONVOLUTION SHARDS OUT`: embeddings and parameter gradients of a `train-…` fixture at step
/// 0, each rank with its own rows.
struct NetworkProbe {
  let fixture: SafetensorsFile
  let encoder: Encoder
  let convolution: ConvolutionAlgorithm
  let group: ShardGroup
  let out: String
  let communicator: Communicator

  init(_ arguments: [String], _ communicator: Communicator) throws {
    let file = try SafetensorsFile(path: arguments[1])
    fixture = file
    func shape(_ name: String) throws -> [Int] { try file.entry("init.encoder.\(name).weight").shape }
    if arguments[2] == "mlp" {
      let layers = stride(from: 0, to: 99, by: 3).prefix { file.names.contains("init.encoder.\($0).weight") }
      encoder = MLP(inputs: try shape("0")[1], hidden: try layers.map { try shape("\($0)")[0] }).encoder
    } else {
      let (channels, width) = (try shape("conv1")[1], try shape("conv1")[0])
      encoder =
        switch arguments[2] {
        case "resnet18-small": try ResNet.resnet18(channels: channels, width: width, stem: .small).encoder()
        case "resnet18": try ResNet.resnet18(channels: channels, width: width).encoder()
        case "resnet34": try ResNet.resnet34(channels: channels, width: width).encoder()
        case "resnet50": try ResNet.resnet50(channels: channels, width: width).encoder()
        case "resnet3d-18":
          try ResNet.resnet3D18(channels: channels, width: width, embedding: try shape("embedding")[0]).encoder()
        default: try ResNet.resnet3D50(channels: channels, width: width, embedding: try shape("embedding")[0]).encoder()
        }
    }
    convolution = ["direct": .direct, "winograd": .winograd][arguments[3]] ?? .auto
    group = try ShardGroup(communicator, shards: Int(arguments[4])!)
    out = arguments[5]
    self.communicator = communicator
  }

  func run() throws {
    let shape = try fixture.entry("x1").shape
    let rows = shape[0] / group.shards
    let sizes = try JSONDecoder().decode([Int].self, from: Data(fixture.metadata["proj"]!.utf8))
    let network = try BarlowTwinsNetwork(
      encoder: encoder, projector: Projector(inputs: sizes[0], hidden: sizes[1], outputs: sizes[2]),
      sampleShape: Array(shape[1...]), samplesPerShard: rows, batch: group,
      lambd: Double(fixture.metadata["lambd"]!)!, convolution: convolution)
    for arena in [network.state.parameters, network.state.statistics] {
      for entry in arena.layout.entries {
        try fixture.read("init." + entry.name, into: arena.pointer(of: entry), expectedShape: entry.shape)
      }
    }
    let perView = rows * shape[1...].reduce(1, *)
    let views = [try fixture.floats(of: "x1"), try fixture.floats(of: "x2")]
    for (local, shard) in group.localShards.enumerated() {
      for view in 0..<2 {
        for i in 0..<perView { network.inputs[local].pointer[view * perView + i] = views[view][shard * perView + i] }
      }
    }
    let arena = network.state.parameters
    try group.sumGradients(of: arena)
    let value = try network.forwardBackward()
    try group.finishGradients()
    let z = try gatherViews(network.embeddings.values, perView: rows * sizes[2], group)
    try communicator.onRoot {
      try SafetensorsWriter.write(
        arena.namedTensors(in: arena.gradients, prefix: "grad.") + [
          NamedTensor(name: "z1", shape: [shape[0], sizes[2]], pointer: z[0].pointer),
          NamedTensor(name: "z2", shape: [shape[0], sizes[2]], pointer: z[1].pointer),
        ], metadata: ["loss": "\(value.total)"], to: out)
    }
  }
}
