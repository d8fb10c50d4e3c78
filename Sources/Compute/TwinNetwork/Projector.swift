import Layers

/// nidl's `BarlowTwinsProjectionHead`: Linear without bias, BN, ReLU; Linear without bias, BN, ReLU; Linear with bias.
package struct Projector {
  /// Parameter names start with `projection_head.layers.`, as nidl's.
  package let layers: Sequential
  package let inputs: Int
  package let hidden: Int
  package let outputs: Int

  package init(inputs: Int, hidden: Int = 2048, outputs: Int = 2048) {
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
    let name = "projection_head.layers."
    layers = Sequential([
      Linear(name + "0", inputs: inputs, outputs: hidden, bias: false),
      BatchNormalization(name + "1", channels: hidden, rectifies: true),
      Linear(name + "3", inputs: hidden, outputs: hidden, bias: false),
      BatchNormalization(name + "4", channels: hidden, rectifies: true),
      Linear(name + "6", inputs: hidden, outputs: outputs, bias: true, writesFloat32: true),
    ])
  }
}
