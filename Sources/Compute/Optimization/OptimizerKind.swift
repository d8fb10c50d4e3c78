import CommandLine
import Diagnostics

/// A kind of optimizer: the word that names it, its keywords, and how it is made.
///
/// A new optimizer is one file with one of these as a static member, and its name in `all`.
public struct OptimizerKind: Sendable {
  /// All kinds, in the order of the help.
  public static let all: [OptimizerKind] = [.adamW, .adam, .sgd, .lars]

  /// `adamW`
  public let rawValue: String
  /// PyTorch's parameters of the optimizer; learning rate and weight decay have options of their own.
  package let keywords: [KeywordArgument]
  /// Throws for keywords that do not go together; each by itself has been checked. The text says where they stand.
  package let check: @Sendable (OptimizerKeywords, _ location: String) throws(Failure) -> Void
  /// Makes the optimizer; keywords have been checked, and absent ones keep PyTorch's defaults.
  package let make: @Sendable (ParameterGroups, OptimizerKeywords) throws -> any Optimizer

  package init(
    _ name: String, keywords: [KeywordArgument],
    check: @escaping @Sendable (OptimizerKeywords, String) throws(Failure) -> Void = { (_, _) throws(Failure) in },
    make: @escaping @Sendable (ParameterGroups, OptimizerKeywords) throws -> any Optimizer
  ) {
    rawValue = name
    self.keywords = keywords
    self.check = check
    self.make = make
  }
}

extension OptimizerKind: Equatable, RawRepresentable, CaseIterable {
  public static func == (a: OptimizerKind, b: OptimizerKind) -> Bool { a.rawValue == b.rawValue }

  /// nil for a name that no kind has.
  public init?(rawValue: String) {
    guard let kind = Self.all.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = kind
  }

  public static var allCases: [OptimizerKind] { all }
}

extension OptimizerKind {
  /// For the help: `adamW: betas, eps, amsgrad; …; sgd: momentum, dampening, nesterov; ….`
  package static var keywordSummary: String {
    all.map { "\($0.rawValue): " + $0.keywords.map(\.name).joined(separator: ", ") }.joined(separator: "; ") + "."
  }
}

/// The keyword arguments of an optimizer.
package struct OptimizerKeywords: Sendable {
  package var values: [String: KwargValue]

  package init(_ values: [String: KwargValue]) { self.values = values }

  func number(_ keyword: String) -> Double? { if case .number(let value)? = values[keyword] { value } else { nil } }

  func flag(_ keyword: String) -> Bool? { if case .flag(let value)? = values[keyword] { value } else { nil } }
}
