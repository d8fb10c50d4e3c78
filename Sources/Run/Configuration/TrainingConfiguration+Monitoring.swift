import CommandLine
import Diagnostics

extension TrainingConfiguration {
  /// Takes out validation, early stopping and best checkpoints, which change nothing that a step computes.
  package mutating func removeMonitoring() { (valData, earlyStopping, saveTopK) = (nil, nil, 0) }

  /// Throws for an impossible interval of validation.
  func validateInterval(origins: ValueOrigins) throws(Failure) {
    if checkValEveryNEpoch == nil, case .fraction = valCheckInterval {
      throw Failure(
        .usage, "a part of an epoch is not an interval over all epochs", at: origins.location(of: "val-check-interval"),
        expected: "a count of batches, with \(option: "check-val-every-n-epoch") none",
        remedy: "give \(option: "val-check-interval") N, or \(option: "check-val-every-n-epoch") 1")
    }
  }

  /// Throws for a metric of a validation that is not made.
  func requireMeasured(_ metric: Metric, _ option: String, _ origins: ValueOrigins) throws(Failure) {
    guard metric.isOfValidation, valData == nil else { return }
    throw Failure(
      .usage, "\(metric.rawValue) is not measured without validation data", at: origins.location(of: option),
      expected: "\(option: "val-data") SPEC", remedy: "give validation data, or --\(option) loss")
  }

  /// Sentences on options of validation, early stopping and checkpoints that have no effect.
  func monitoringRemarks(_ unused: ([String], String) -> [String]) -> [String] {
    var remarks: [String] = []
    if valData == nil {
      let names = [
        "val-augment", "limit-val-batches", "check-val-every-n-epoch", "val-check-interval", "num-sanity-val-steps",
      ]
      remarks += unused(names, "without \(option: "val-data")")
    }
    if earlyStopping == nil {
      let names = ["patience", "min-delta", "mode"].map { "early-stopping-\($0)" } + ["min-epochs", "min-steps"]
      remarks += unused(names, "without \(option: "early-stopping")")
    }
    if !enableCheckpointing {
      let names = ["checkpoint-every-n-steps", "keep-checkpoints", "save-top-k", "monitor", "monitor-mode"]
      remarks += unused(names, "with \(option: "enable-checkpointing") false")
    } else if saveTopK == 0 {
      remarks += unused(["monitor", "monitor-mode"], "without \(option: "save-top-k")")
    }
    return remarks
  }
}
