import Diagnostics
import Foundation

/// A parameter of an optimizer under PyTorch's name, as `--optimizer-kwargs` takes it.
struct OptimizerKeyword: Sendable {
  var name: String
  /// What the value must be: `a number of at least 0`.
  var expected: String
  var accepts: @Sendable (KwargValue) -> Bool

  /// The parameters of each optimizer; learning rate and weight decay have options of their own.
  static func known(for optimizer: TrainingConfiguration.Optimizer) -> [OptimizerKeyword] {
    switch optimizer {
    case .adamW, .adam:
      [
        OptimizerKeyword(name: "betas", expected: "a list of two numbers from 0 to below 1, such as [0.9, 0.999]") {
          if case .list(let betas) = $0 { betas.count == 2 && betas.allSatisfy { 0 <= $0 && $0 < 1 } } else { false }
        },
        number("eps"),
        flag("amsgrad"),
      ]
    case .sgd: [number("momentum"), number("dampening"), flag("nesterov")]
    case .lars: [number("momentum"), number("eta"), flag("exclude_bias_and_norm_adaptation")]
    }
  }

  /// For the help: `adamW: betas, eps, amsgrad; …; sgd: momentum, dampening, nesterov; ….`
  static var summary: String {
    TrainingConfiguration.Optimizer.allCases.map { optimizer in
      "\(optimizer.rawValue): " + known(for: optimizer).map(\.name).joined(separator: ", ")
    }.joined(separator: "; ") + "."
  }

  private static func number(_ name: String) -> OptimizerKeyword {
    OptimizerKeyword(name: name, expected: "a finite number of at least 0") {
      if case .number(let value) = $0 { value.isFinite && value >= 0 } else { false }
    }
  }

  private static func flag(_ name: String) -> OptimizerKeyword {
    OptimizerKeyword(name: name, expected: "true or false") { if case .flag = $0 { true } else { false } }
  }
}

extension TrainingConfiguration {
  /// Throws unless every optimizer keyword is one of the optimizer's and of its kind and range.
  func validateKeywords(at location: String) throws(Failure) {
    let known = OptimizerKeyword.known(for: optimizer)
    for (name, value) in optimizerKwargs.sorted(by: { $0.key < $1.key }) {
      guard let keyword = known.first(where: { $0.name == name }) else {
        throw Failure(
          .usage, "\(optimizer.rawValue) has no parameter '\(name)'", at: location,
          expected: known.map(\.name).joined(separator: ", "), found: name,
          remedy: remedy(forKeyword: name, known: known))
      }
      if !keyword.accepts(value) {
        throw Failure(
          .usage, "not a value of \(optimizer.rawValue)'s \(name)", at: location, expected: keyword.expected,
          found: value.json.description)
      }
    }
    try validateNesterov(at: location)
  }

  /// As PyTorch: Nesterov's momentum needs a momentum and no dampening.
  private func validateNesterov(at location: String) throws(Failure) {
    guard optimizerKwargs["nesterov"] == .flag(true) else { return }
    let momentum = optimizerKwargs["momentum"] ?? .number(0)
    let dampening = optimizerKwargs["dampening"] ?? .number(0)
    if momentum == .number(0) || dampening != .number(0) {
      throw Failure(
        .usage, "nesterov needs a momentum above 0 and no dampening", at: location,
        found: "momentum \(momentum.json), dampening \(dampening.json)",
        remedy: #"for example --optimizer-kwargs '{"momentum": 0.9, "nesterov": true}'"#)
    }
  }

  private func remedy(forKeyword name: String, known: [OptimizerKeyword]) -> String? {
    switch name {
    case "lr", "learning_rate": return "give the learning rate with --learning-rate"
    case "weight_decay": return "give the weight decay with --weight-decay"
    default: break
    }
    if let question = NearestName.question(for: name, among: known.map(\.name)) { return question }
    let owner = Optimizer.allCases.first { OptimizerKeyword.known(for: $0).contains { $0.name == name } }
    return owner.map { "\(name) is a parameter of --optimizer \($0.rawValue)" }
  }
}

extension KwargValue {
  /// A number, a boolean or a list of numbers; nil for anything else.
  init?(json: JSONValue) {
    switch json {
    case .bool(let value): self = .flag(value)
    case .array(let values):
      let numbers = values.compactMap(\.double)
      if numbers.count != values.count { return nil }
      self = .list(numbers)
    default:
      guard let number = json.double else { return nil }
      self = .number(number)
    }
  }

  var json: JSONValue {
    switch self {
    case .number(let value): .number(value)
    case .flag(let value): .bool(value)
    case .list(let values): .array(values.map { .number($0) })
    }
  }
}

extension ValueFormat<[String: KwargValue]> {
  /// An object of numbers, booleans and lists of numbers: JSON5 on the command line, an object in a file.
  static var keywordArguments: Self {
    let fromJSON: @Sendable (JSONValue) -> [String: KwargValue]? = { value in
      guard case .object(let members) = value else { return nil }
      let keywords = members.compactMapValues(KwargValue.init(json:))
      return keywords.count == members.count ? keywords : nil
    }
    return ValueFormat(
      placeholder: "JSON", expected: #"a JSON object of numbers, booleans and lists of numbers, such as {"eps": 1e-8}"#,
      fromText: { JSONValue(json5: Data($0.utf8)).flatMap(fromJSON) }, fromJSON: fromJSON,
      toJSON: { .object($0.mapValues(\.json)) },
      remedy: { $0.contains("{") ? "put the object in single quotes, so that the shell leaves it alone" : nil })
  }
}
