/// What a buffer is for: the rows of a run's memory plan.
public enum MemoryUse: Int, CaseIterable, Sendable {
  /// Samples that are held in memory.
  case data
  /// Batches that are loaded ahead.
  case loader
  case parameters
  /// Gradients of parameters.
  case gradients
  /// Moments.
  case optimizer
  /// Outputs of layers, their gradients, and what kernels work in meanwhile: at the fullest moment of a step.
  case activations
  /// What kernels keep: packed weights, statistics, partial sums.
  case workspaces
  /// Gathered embeddings and the matrices of the loss.
  case loss
  /// Copies that travel between the ranks.
  case communication
  /// The copy from which a checkpoint is written during the next steps.
  case snapshot
  /// Of all samples, for evaluations.
  case features
}

extension MemoryUse {
  /// In a row of a memory plan and in failures.
  package var text: String {
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
    case .features: "features of all samples"
    }
  }
}
