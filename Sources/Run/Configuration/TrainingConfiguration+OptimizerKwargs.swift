import CommandLine
import Diagnostics
import Optimization

extension TrainingConfiguration {
  /// Throws unless every optimizer keyword is one of the optimizer's and of its kind and range.
  func validateOptimizerKwargs(at location: String) throws(Failure) {
    try KeywordArgument.check(
      optimizerKwargs, of: optimizer.rawValue, known: optimizer.keywords, at: location,
      remedy: { remedy(forOptimizerKeyword: $0) })
    try optimizer.check(OptimizerKeywords(optimizerKwargs), location)
  }

  private func remedy(forOptimizerKeyword name: String) -> String? {
    switch name {
    case "lr", "learning_rate": return "give the learning rate with \(option: "learning-rate")"
    case "weight_decay": return "give the weight decay with \(option: "weight-decay")"
    default: break
    }
    if let question = NearestName.question(for: name, among: optimizer.keywords.map(\.name)) { return question }
    let owner = OptimizerKind.all.first { $0.keywords.contains { $0.name == name } }
    return owner.map { "\(name) is a parameter of \(option: "optimizer") \($0.rawValue)" }
  }
}
