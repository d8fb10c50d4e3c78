/// What a callback can do to the run that it is told about.
public final class RunControl {
  /// Why the run is to end; nil while nobody has asked for it.
  public private(set) var stopReason: String?

  package init() {}

  /// Ends the run, with a checkpoint, before its next step, but not before `minEpochs` and `minSteps`. The first reason
  /// counts; the run then ends as `RunEnd.stopped`.
  public func requestStop(_ reason: String) { stopReason = stopReason ?? reason }
}
