import Training

extension CallbackGroup {
  /// Also writes what a run folder records: metrics and launches.
  public convenience init(_ callbacks: [any Callback], recordingIn folder: RunFolder?) {
    // The launch after the metrics: those of steps that it does again are then cut off, and count as its own.
    let files: [any Callback] =
      folder.map { [MetricsFile(path: $0.metricsPath), LaunchFile(path: $0.launchesPath)] } ?? []
    self.init(callbacks + files)
  }
}
