import Configuration
import Datasets
import Foundation
import Reporting
import Training

extension BarlowTwins {
  /// What a `fit` begins with.
  public enum Start: Sendable {
    /// Resumes: from the newest checkpoint in `configuration.out`, or else from the last `fit` or `trainingStep`, or else
    /// with the parameters that `load` has read, or else at step 0. Limits such as `maxEpochs` count from step 0, so they
    /// must be raised for more training.
    case resuming
    /// Draws new parameters and begins at step 0. The run folder must be new.
    case anew
  }

  /// Trains on a data set to the end that `configuration` gives it, or until a signal that `SignalWatch` catches.
  ///
  /// nidl's `fit` begins each call with the present weights and a new optimizer; here a second call either continues the
  /// same run exactly, or starts anew.
  ///
  /// - Parameter validation: data whose loss is measured, as `configuration` says when; nil: none.
  /// - Parameter callbacks: told of the run on rank 0.
  @discardableResult
  public func fit(
    _ train: any Dataset, validation: (any Dataset)? = nil, start: Start = .resuming, callbacks: [any Callback] = []
  ) throws -> RunEnd {
    var options = configuration
    options.valData = validation?.name
    if start == .anew { options.resume = .never }
    let run = try TrainingRun(
      options, train, validation: validation, encoder: makeEncoder, origin: start == .anew ? nil : origin, communicator)
    (self.run, loaded) = (run, nil)
    return try run.train(
      CallbackGroup([ConsoleObserver.make(wantsBar: options.enableProgressBar)] + callbacks))
  }

  /// What a run takes over from this estimator.
  var origin: RunOrigin? { run.map { .run($0) } ?? loaded.map { .parameters($0.state) } }
}
