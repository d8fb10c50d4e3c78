import CommandLine
import Diagnostics

extension TrainingConfiguration {
  /// Takes out validation, early stopping and best checkpoints, which change nothing that a step computes.
  package mutating func removeMonitoring() { (valData, earlyStopping, saveTopK) = (nil, nil, 0) }

  /// The validation data that the run looks at; nil without any, and where their batches are limited to none.
  package var validationSpec: String? { limitValBatches.isNone ? nil : valData }

  /// Throws for an impossible interval of validation, and for metrics that are not measured.
  func validateMonitoring(origins: ValueOrigins) throws(Failure) {
    if checkValEveryNEpoch == nil, case .fraction = valCheckInterval {
      throw Failure(
        .usage, "a part of an epoch is not an interval over all epochs", at: origins.location(of: "val-check-interval"),
        expected: "a count of batches, with \(option: "check-val-every-n-epoch") none",
        remedy: "give \(option: "val-check-interval") N, or \(option: "check-val-every-n-epoch") 1")
    }
    guard validationSpec == nil else { return }
    if let earlyStopping { try requireMeasured(earlyStopping, "early-stopping", origins) }
    if saveTopK != 0 { try requireMeasured(monitor, "monitor", origins) }
  }

  private func requireMeasured(_ metric: Metric, _ option: String, _ origins: ValueOrigins) throws(Failure) {
    guard metric.isOfValidation else { return }
    let missing = valData == nil ? "val-data" : "limit-val-batches"
    throw Failure(
      .usage, "\(metric.rawValue) is not measured without validation\(valData == nil ? " data" : "")",
      at: origins.location(of: option),
      expected: valData == nil ? "\(option: missing) SPEC" : "\(option: missing) above 0",
      remedy: valData == nil
        ? "give validation data, or \(option: option) loss"
        : "leave \(option: missing) out, or give \(option: option) loss")
  }

  /// Sentences on options of validation, early stopping and checkpoints that have no effect.
  func monitoringRemarks(_ unused: ([String], String) -> [String]) -> [String] {
    var remarks: [String] = []
    let ofValidation = ["val-augment", "check-val-every-n-epoch", "val-check-interval", "num-sanity-val-steps"]
    if valData == nil {
      remarks += unused(ofValidation + ["limit-val-batches"], "without \(option: "val-data")")
    } else if validationSpec == nil {
      remarks += unused(ofValidation + ["val-data"], "with \(option: "limit-val-batches") 0")
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
