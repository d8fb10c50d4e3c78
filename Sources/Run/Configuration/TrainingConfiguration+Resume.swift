import CommandLine
import Diagnostics

/// An option whose values differ between two configurations.
public struct OptionDifference: Sendable, Equatable, CustomStringConvertible {
  /// The option's name: `batch-size`.
  public let option: String
  /// The values as the command line spells them; `null` for no value.
  public let old: String
  public let new: String
  /// Whether a resumed run may differ in it.
  package let onResume: ResumeRule

  /// `--threads 4 instead of 2`
  public var description: String { "\(option: option) \(new) instead of \(old)" }
}

extension TrainingConfiguration {
  /// The options in which this configuration differs from an older one, in the order of the help.
  public func differences(from other: TrainingConfiguration) -> [OptionDifference] {
    Self.optionTable.options.compactMap { option in
      if option.value(in: self) == option.value(in: other) { return nil }
      return OptionDifference(
        option: option.name, old: option.text(in: other), new: option.text(in: self), onResume: option.onResume)
    }
  }

  /// Throws unless this configuration may resume the run of `saved`; returns the differences that are allowed.
  ///
  /// `path` is where `saved` was read from.
  /// `comparedData` are the options whose data were compared by their contents: their spelling is free.
  @discardableResult
  public func checkResume(
    of saved: TrainingConfiguration, path: String, comparedData: Set<String> = []
  ) throws(Failure) -> [OptionDifference] {
    let conflicts = conflicts(with: saved, comparedData: comparedData)
    if conflicts.isEmpty { return differences(from: saved).filter { $0.onResume == .mayChange } }
    throw Failure(
      .usage, "the run was started with other options", at: path,
      expected: conflicts.map { "\(option: $0.option) \($0.old)" }.joined(separator: " "),
      found: conflicts.map { "\(option: $0.option) \($0.new)" }.joined(separator: " "),
      remedy:
        "give the options of the run (\(command: "train", option: "config", path)), or another \(option: "out") for a new run"
    )
  }

  /// The options that belong to a run and are not those of `saved`.
  ///
  /// An option that the first start decided and that was not given this time, such as the number of shards, is taken
  /// from the run and is no conflict.
  /// `comparedData` as in `checkResume`.
  package func conflicts(with saved: TrainingConfiguration, comparedData: Set<String> = []) -> [OptionDifference] {
    differences(from: saved).filter { difference in
      switch difference.onResume {
      case .mayChange: false
      case .sameContents: !comparedData.contains(difference.option)
      case .mustMatch:
        !(Self.decidedAtFirstStart.contains(difference.option) && isAutomatic(difference.option))
          && !(difference.option == "kernel-table" && agrees(saved.kernels))
      }
    }
  }

  /// Whether a run's table of kernels has every entry that is given.
  private func agrees(_ saved: [String: [String: String]]?) -> Bool {
    (kernels ?? [:]).allSatisfy { layer, entries in entries.allSatisfy { saved?[layer]?[$0.key] == $0.value } }
  }

  /// What the user should know about an allowed difference; nil where there is nothing to say.
  public func remark(on difference: OptionDifference) -> String? {
    if difference.option == "precision" {
      return "\(difference): the parameters are float32 as before; from here on steps round differently"
    }
    if difference.option == "init", let initialParameters {
      return "\(option: "init") \(initialParameters) has no effect: it is for the first start, and the run resumes"
    }
    let endsCosine = maxEpochs == nil ? ["max-epochs", "max-steps"] : ["max-epochs"]
    if endsCosine.contains(difference.option) && lrScheduler == .warmupCosine {
      return "\(difference): the cosine now ends at another step, so learning rates differ from those of the run so far"
    }
    return nil
  }
}
