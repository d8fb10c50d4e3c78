/// Milliseconds of one measured step, on rank 0.
package struct StepTimes: Sendable, Encodable {
  /// From asking for data to the end of the update.
  package var step = 0.0
  /// Waiting for the loader, and copying.
  package var data = 0.0
  package var forward = 0.0
  package var loss = 0.0
  package var backward = 0.0
  /// Waiting for other ranks, and moving messages, apart from the rest.
  package var communication = 0.0
  package var optimizer = 0.0
  /// The rest of the step.
  package var other = 0.0

  enum CodingKeys: String, CodingKey, CaseIterable {
    case step = "step_ms"
    case data = "data_ms"
    case forward = "forward_ms"
    case loss = "loss_ms"
    case backward = "backward_ms"
    case communication = "comm_wait_ms"
    case optimizer = "optimizer_ms"
    case other = "other_ms"
  }

  /// The parts under the names of a table, in the order of the step.
  static let phases: [(name: String, path: KeyPath<StepTimes, Double> & Sendable)] = [
    ("data", \.data), ("forward", \.forward), ("loss", \.loss), ("backward", \.backward),
    ("communication", \.communication), ("optimizer", \.optimizer), ("other", \.other),
  ]
}
