import Encoders
import Layers
import Testing
import TwinNetwork

/// Times of layers, and that taking them changes no bit.
@Suite(.serialized) struct LayerTimesTests {
  @Test func everyLayerHasATime() throws {
    let encoder = try ResNet.resnet18(channels: 1, width: 16).encoder()
    let network = try BarlowTwinsNetwork(
      encoder: encoder, projector: Projector(inputs: encoder.features, hidden: 16, outputs: 16),
      sampleShape: [1, 16, 16], samplesPerShard: 4, batch: LocalBatch(shards: 2), lambd: 0.005)
    try network.state.initialise(seed: 1)
    for buffer in network.inputs { for i in 0..<buffer.count { buffer.pointer[i] = Float(i * 7919 % 1000) / 1000 } }
    let gradients = network.state.parameters.gradients
    var phases: [BarlowTwinsNetwork.Phase] = []
    network.phaseDidEnd = { phases.append($0) }

    let loss = try network.forwardBackward()
    let bits = gradients.elements.map(\.bitPattern)
    #expect(phases == [.forward, .loss, .backward])
    #expect(network.layerTimes.isEmpty && !network.isTimed)

    network.isTimed = true
    #expect(try network.forwardBackward() == loss)
    #expect(gradients.elements.map(\.bitPattern) == bits)
    #expect(network.layerTimes.count == network.descriptions.count)
    #expect(network.layerTimes.allSatisfy { $0.forward > 0 && $0.backward > 0 })

    network.isTimed = false
    #expect(try network.forwardBackward() == loss)
    #expect(network.layerTimes.isEmpty)
  }
}
