/// What a replay reports as it runs, on rank 0 only.
package enum ReplayEvent: Sendable {
  /// Where it starts, on what, and what was recorded on what: one line each.
  case began([String])
  case step(StepComparison)
  /// A whole checkpoint of a replayed step was there.
  case checkpoint(CheckpointComparison)
  /// The step of a bad batch's file, which is not bad in the replay.
  case notBad(step: Int, loss: Double, gradientNorm: Double)
  /// Something that the user should know and that does not end the replay.
  case warning(String)
}
