import Training

/// Forwards everything to several observers, in order.
///
/// All of them hear of an event even if one throws, so that the others can end cleanly; the first error is then thrown.
public final class ObserverGroup: TrainingObserver {
  private let observers: [any TrainingObserver]

  public init(_ observers: [any TrainingObserver]) { self.observers = observers }

  /// Also writes what a run folder records: metrics and launches.
  public convenience init(_ observers: [any TrainingObserver], recordingIn folder: RunFolder?) {
    // The launch after the metrics: those of steps that it does again are then cut off, and count as its own.
    let files: [any TrainingObserver] =
      folder.map { [MetricsFile(path: $0.metricsPath), LaunchFile(path: $0.launchesPath)] } ?? []
    self.init(observers + files)
  }

  private func forEach(_ body: (any TrainingObserver) throws -> Void) throws {
    var first: (any Error)?
    for observer in observers {
      do { try body(observer) } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  public func runWillStart(_ summary: RunSummary) throws { try forEach { try $0.runWillStart(summary) } }
  public func stepDidEnd(_ record: StepRecord) throws { try forEach { try $0.stepDidEnd(record) } }
  public func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws {
    try forEach { try $0.checkpointDidSave(step: step, path: path, milliseconds: milliseconds) }
  }
  public func warn(_ message: String) { for observer in observers { observer.warn(message) } }
  public func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws {
    try forEach { try $0.runDidEnd(end, finalStep: finalStep, seconds: seconds) }
  }
}
