import Tensors

/// A row of a memory plan.
package struct MemoryItem: Equatable, Sendable {
  package var name: String
  package var bytes: Int

  package init(_ name: String, _ bytes: Int) { (self.name, self.bytes) = (name, bytes) }
}

extension MemoryUse {
  /// For the rows of a memory plan.
  var text: String {
    switch self {
    case .data: "samples in memory"
    case .loader: "batches loaded ahead"
    case .parameters: "parameters and running statistics"
    case .gradients: "gradients of parameters"
    case .optimizer: "optimizer's moments"
    case .activations: "activations and their gradients"
    case .workspaces: "workspaces of kernels"
    case .loss: "embeddings of all ranks, loss"
    case .communication: "sums between ranks"
    case .snapshot: "copy for checkpoints"
    }
  }
}
