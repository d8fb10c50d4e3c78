import CommandLine
import Diagnostics
import Encoders

extension TrainingConfiguration {
  /// Throws unless every encoder keyword is one of the encoder's and of its kind and range.
  ///
  /// What depends on the data (`in_channels`) or on the network's channels (`groups`) is checked where it is built.
  func validateEncoderKwargs(at location: String) throws(Failure) {
    try KeywordArgument.check(
      encoderKwargs, of: encoder.rawValue, known: encoder.keywords, at: location,
      remedy: { remedy(forEncoderKeyword: $0) })
    try encoder.check(encoderOptions, location)
  }

  private func remedy(forEncoderKeyword name: String) -> String? {
    switch name {
    case "n_embedding": return "give it with \(option: "n-embedding")"
    case "hidden_channels": return "give the sizes with \(option: "mlp-hidden")"
    case "in_channels", "num_classes", "weights", "progress":
      return
        "leave it out: channels come from the data, the classification layer is left out, weights from \(option: "init")"
    case "norm_layer": return "leave it out: every norm is a batch norm over the whole batch of all ranks"
    default: break
    }
    if let question = NearestName.question(for: name, among: encoder.keywords.map(\.name)) { return question }
    let owner = EncoderKind.all.first { $0.keywords.contains { $0.name == name } }
    return owner.map { "\(name) is a parameter of \(option: "encoder") \($0.rawValue)" }
  }
}
