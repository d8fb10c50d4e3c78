import TwinNetwork

/// A number of a run that early stopping and the choice of the best checkpoints look at, and that records hold.
///
/// Those of the training are means over the steps of an epoch, measured at its end; those of validation are means over
/// its batches. A new one is a static member of `Term`, and its name in `Term.all`.
public struct Metric: Sendable {
  /// What is taken of a mean loss: `loss_invariance`, and `val_loss_invariance` of a validation.
  struct Term: Sendable {
    let name: String
    let value: @Sendable (MeanLoss) -> Double

    static let all: [Term] = [.loss, .invariance, .redundancy]

    static let loss = Term(name: "loss") { $0.loss }
    static let invariance = Term(name: "loss_invariance") { $0.invariance }
    static let redundancy = Term(name: "loss_redundancy") { $0.redundancy }
  }

  /// `val_loss`
  public let rawValue: String
  /// Whether measuring it takes validation data.
  public let isOfValidation: Bool
  private let term: Term

  private init(_ term: Term, ofValidation: Bool) {
    rawValue = (ofValidation ? "val_" : "") + term.name
    isOfValidation = ofValidation
    self.term = term
  }

  public static let loss = Metric(.loss, ofValidation: false)
  public static let lossInvariance = Metric(.invariance, ofValidation: false)
  public static let lossRedundancy = Metric(.redundancy, ofValidation: false)
  public static let valLoss = Metric(.loss, ofValidation: true)
  public static let valLossInvariance = Metric(.invariance, ofValidation: true)
  public static let valLossRedundancy = Metric(.redundancy, ofValidation: true)

  /// The numbers of an epoch's or a validation's mean loss, in the order of the help.
  package static func numbers(of loss: MeanLoss, validation: Bool) -> [(key: String, value: Double)] {
    allCases.filter { $0.isOfValidation == validation }.map { ($0.rawValue, $0.term.value(loss)) }
  }
}

extension Metric: Equatable, RawRepresentable, CaseIterable {
  /// Of the training, then of validation.
  public static var allCases: [Metric] {
    [false, true].flatMap { validation in Term.all.map { Metric($0, ofValidation: validation) } }
  }

  /// nil for a name that no metric has.
  public init?(rawValue: String) {
    guard let metric = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = metric
  }

  public static func == (a: Metric, b: Metric) -> Bool { a.rawValue == b.rawValue }
}

/// Which values of a metric are the better ones.
public enum MetricMode: String, Sendable, CaseIterable {
  case min, max

  /// Whether a value is better by more than `delta`. What is not finite is never better, and anything finite beats it.
  public func isBetter(_ value: Double, than other: Double, by delta: Double = 0) -> Bool {
    guard value.isFinite, other.isFinite else { return value.isFinite }
    return self == .min ? value + delta < other : value - delta > other
  }
}
