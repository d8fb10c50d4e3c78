import Diagnostics

extension TrainingConfiguration.Optimizer {
  /// PyTorch's parameters of the optimizer; learning rate and weight decay have options of their own.
  var keywords: [KeywordArgument] {
    switch self {
    case .adamW, .adam:
      [
        KeywordArgument(name: "betas", expected: "a list of two numbers from 0 to below 1, such as [0.9, 0.999]") {
          if case .list(let betas) = $0 { betas.count == 2 && betas.allSatisfy { 0 <= $0 && $0 < 1 } } else { false }
        },
        .number("eps"),
        .flag("amsgrad"),
      ]
    case .sgd: [.number("momentum"), .number("dampening"), .flag("nesterov")]
    case .lars: [.number("momentum"), .number("eta"), .flag("exclude_bias_and_norm_adaptation")]
    }
  }

  /// For the help: `adamW: betas, eps, amsgrad; …; sgd: momentum, dampening, nesterov; ….`
  static var keywordSummary: String {
    allCases.map { "\($0.rawValue): " + $0.keywords.map(\.name).joined(separator: ", ") }.joined(separator: "; ") + "."
  }
}

extension TrainingConfiguration {
  /// Throws unless every optimizer keyword is one of the optimizer's and of its kind and range.
  func validateOptimizerKwargs(at location: String) throws(Failure) {
    try KeywordArgument.check(
      optimizerKwargs, of: optimizer.rawValue, known: optimizer.keywords, at: location,
      remedy: { remedy(forOptimizerKeyword: $0) })
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

  private func remedy(forOptimizerKeyword name: String) -> String? {
    switch name {
    case "lr", "learning_rate": return "give the learning rate with --learning-rate"
    case "weight_decay": return "give the weight decay with --weight-decay"
    default: break
    }
    if let question = NearestName.question(for: name, among: optimizer.keywords.map(\.name)) { return question }
    let owner = Optimizer.allCases.first { $0.keywords.contains { $0.name == name } }
    return owner.map { "\(name) is a parameter of --optimizer \($0.rawValue)" }
  }
}
