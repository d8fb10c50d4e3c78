/// What a callback can do to the run that it is told about.
public final class RunControl {
  /// Why the run is to end; nil while no one has asked for it.
  public private(set) var stopReason: String?

  /// What is to be told to the user before the next step.
  private var remarks: [String] = []

  package init() {}

  /// Tells the user something that does not end the run, by `Callback.warn`.
  public func warn(_ message: String) { remarks.append(message) }

  /// What has been said since the last call.
  func takeRemarks() -> [String] {
    defer { remarks = [] }
    return remarks
  }

  /// Ends the run, with a checkpoint, before its next step, but not before `minEpochs` and `minSteps`. The first reason
  /// counts; the run then ends as `RunEnd.stopped`.
  public func requestStop(_ reason: String) { stopReason = stopReason ?? reason }
}
