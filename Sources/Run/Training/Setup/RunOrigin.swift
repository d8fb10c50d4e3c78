import Diagnostics
import Layers
import Optimization

/// What a run in memory begins with, instead of a checkpoint's numbers or random ones.
package enum RunOrigin {
  /// Parameters and running statistics; the optimizer begins anew.
  case parameters(ParameterSet)
  /// A run that has ended: its parameters, running statistics, moments and step.
  case run(TrainingRun)

  var run: TrainingRun? {
    if case .run(let run) = self { run } else { nil }
  }

  /// Copies the numbers; a usage failure if they are those of another network or optimizer.
  func copy(into state: ParameterSet, _ optimizer: any Optimizer) throws {
    switch self {
    case .parameters(let source): try state.copy(from: source)
    case .run(let run):
      try state.copy(from: run.network.state)
      let moments = run.optimizer.state
      guard moments.map(\.name) == optimizer.state.map(\.name) else {
        throw Failure(
          .usage, "a run cannot continue with another optimizer", at: "\(option: "optimizer")",
          expected: "the moments \(moments.map(\.name).joined(separator: ", "))",
          found: optimizer.state.map(\.name).joined(separator: ", "), remedy: "keep the optimizer, or start anew")
      }
      for (to, from) in zip(optimizer.state, moments) {
        to.buffer.pointer.update(from: from.buffer.pointer, count: to.buffer.count)
      }
    }
  }
}
