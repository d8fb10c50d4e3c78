import Diagnostics
import Layers
import TwinNetwork

/// The table of a network before training, at most 100 columns wide: one row per layer or block, and totals.
///
/// Parameters are PyTorch's count; multiply-adds are those of one view of one sample forward, products with weights only
/// (He et al. 2016 and torchvision call them FLOPs).
package struct ModelTable {
  private let layers: [LayerDescription]
  /// Views that pass through the network in a step.
  private let views: Int
  private let lossFlops: Int

  /// - Parameter samples: of a batch over all ranks.
  package init(layers: [LayerDescription], samples: Int, lossFlops: Int) {
    self.layers = layers
    views = 2 * samples
    self.lossFlops = lossFlops
  }

  package init(_ network: BarlowTwinsNetwork, batchSize: Int) {
    self.init(layers: network.descriptions, samples: batchSize, lossFlops: network.loss.flops)
  }

  package var parameters: Int { layers.reduce(0) { $0 + $1.parameters } }
  /// Of one view of one sample.
  package var multiplyAdds: MultiplyAdds { layers.reduce(MultiplyAdds()) { $0 + $1.multiplyAdds } }
  /// Floating-point operations of a step over all ranks: two per multiply-add, forward and backward, and the loss.
  package var flopsPerStep: Double {
    2 * Double(views) * Double(multiplyAdds.forward + multiplyAdds.backward) + Double(lossFlops)
  }

  package var lines: [String] {
    let head = ["name", "layer", "output", "parameters", "mult-adds"]
    let rows = layers.map {
      [
        $0.name, $0.kind, $0.output.description, SummaryText.grouped($0.parameters),
        SummaryText.scaled(Double($0.multiplyAdds.forward)),
      ]
    }
    let total = [
      "total", "", "", SummaryText.grouped(parameters), SummaryText.scaled(Double(multiplyAdds.forward)),
    ]
    return SummaryText.table([head] + rows + [total], limits: [25, 27, 16]) + [
      "  a step with backward and loss, over all ranks: \(SummaryText.scaled(flopsPerStep))flop; "
        + "mult-adds: of one view, forward"
    ]
  }
}
