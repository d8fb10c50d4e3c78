import CommandLine
import Layers

/// torchvision's `ops.MLP`: linear, norm, ReLU, dropout, …, linear, dropout.
public struct MLP: Sendable {
  public let inputs: Int
  /// Output sizes of the linear layers, at least one; the last is the embedding.
  public let hidden: [Int]
  /// Whether a batch norm follows every linear layer but the last.
  public var isNormalised = false
  /// The probability of dropout after every ReLU and after the last layer.
  public var dropout = 0.0
  public var hasBias = true

  public init(inputs: Int, hidden: [Int]) { (self.inputs, self.hidden) = (inputs, hidden) }

  /// Names count all modules as torchvision does: `encoder.0.weight`, then `encoder.3.weight` (or `4` with norms). Samples
  /// of any shape are taken as rows of numbers.
  public var encoder: Encoder {
    var layers: [any Layer] = []
    var (size, module) = (inputs, 0)
    for (index, outputs) in hidden.enumerated() {
      layers.append(
        Linear("encoder.\(module)", inputs: size, outputs: outputs, bias: hasBias, needsInputGradient: index > 0))
      module += 1
      if index < hidden.count - 1 {
        if isNormalised {
          layers.append(BatchNormalization("encoder.\(module)", channels: outputs, rectifies: true))
          module += 1
        } else {
          layers.append(ReLU())
        }
        module += 1
      }
      if dropout > 0 { layers.append(Dropout("encoder.\(module)", probability: dropout)) }
      module += 1
      size = outputs
    }
    return Encoder(name: "mlp", layers: Sequential(layers), features: size, input: .rows)
  }
}

extension EncoderKind {
  public static let mlp = EncoderKind(
    "mlp", keywords: [.word("norm_layer", ["batch_norm"]), .fraction("dropout"), .flag("bias")],
    options: ["mlp-hidden"], usualShape: { _ in [784] },
    make: { options, sampleShape in
      var mlp = MLP(inputs: sampleShape.reduce(1, *), hidden: options.mlpHidden)
      mlp.isNormalised = options.keywords["norm_layer"] != nil
      mlp.dropout = options.number("dropout") ?? 0
      mlp.hasBias = options.flag("bias") ?? true
      return mlp.encoder
    })
}
