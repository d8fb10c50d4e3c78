import Diagnostics

extension TrainingConfiguration.Encoder {
  /// torchvision's or nidl's parameters of the network; those with options of their own are `encoderOptions`.
  var keywords: [KeywordArgument] {
    let residual: [KeywordArgument] = [
      .flag("zero_init_residual"), .integer("groups", 1...(.max)), .integer("width_per_group", 1...(.max)),
      .flags("replace_stride_with_dilation", count: 3),
    ]
    let volume = residual + [.integer("initial_kernel_size", 1...(.max)), .integer("in_channels", 1...(.max))]
    return switch self {
    case .mlp: [.word("norm_layer", ["batch_norm"]), .fraction("dropout"), .flag("bias")]
    case .resnet18, .resnet34, .resnet50: residual
    case .resnet3d18, .resnet3d50: volume
    case .resnet3d18Truncated, .resnet3d50Truncated: [.integer("depth", 0...4)] + volume
    case .densenet3d121:
      [
        .integer("growth_rate", 1...(.max)), .integers("block_config", count: 4),
        .integer("num_init_features", 1...(.max)), .integer("bn_size", 1...(.max)), .integer("in_channels", 1...(.max)),
        .flag("memory_efficient"),
      ]
    case .alexnet3d: [.integer("in_channels", 1...(.max))]
    case .layers, .custom: []
    }
  }

  /// The options of the network group that mean something to this encoder.
  var options: Set<String> {
    switch self {
    case .mlp: ["mlp-hidden"]
    case .resnet18, .resnet34, .resnet50: ["stem", "width", "convolution"]
    case .resnet3d18, .resnet3d50, .resnet3d18Truncated, .resnet3d50Truncated: ["width", "n-embedding", "convolution"]
    case .densenet3d121, .alexnet3d: ["n-embedding", "convolution"]
    case .layers: ["layers", "convolution"]
    case .custom: ["convolution"]
    }
  }

  public var isTruncated: Bool { self == .resnet3d18Truncated || self == .resnet3d50Truncated }

  /// For the help: each list of keywords with the encoders that have it.
  static var keywordSummary: String {
    var lists: [(keywords: String, encoders: [String])] = []
    for encoder in allCases where !encoder.keywords.isEmpty {
      let keywords = encoder.keywords.map(\.name).joined(separator: ", ")
      if let place = lists.firstIndex(where: { $0.keywords == keywords }) {
        lists[place].encoders.append(encoder.rawValue)
      } else {
        lists.append((keywords, [encoder.rawValue]))
      }
    }
    return lists.map { $0.encoders.joined(separator: ", ") + ": " + $0.keywords }.joined(separator: "; ") + "."
  }
}

extension TrainingConfiguration {
  /// Throws unless every encoder keyword is one of the encoder's and of its kind and range.
  ///
  /// What depends on the data (`in_channels`) or on the network's channels (`groups`) is checked where it is built.
  func validateEncoderKwargs(at location: String) throws(Failure) {
    try KeywordArgument.check(
      encoderKwargs, of: encoder.rawValue, known: encoder.keywords, at: location,
      remedy: { remedy(forEncoderKeyword: $0) })
    if encoder.isTruncated, encoderKwargs["depth"] == nil {
      throw Failure(
        .usage, "\(encoder.rawValue) needs a depth", at: location,
        expected: "the number of stages that are kept, from 0 to 4",
        remedy: #"for example --encoder-kwargs '{"depth": 2}'"#)
    }
    if encoderKwargs["memory_efficient"] == .flag(true) {
      throw Failure(
        .usage, "\(encoder.rawValue) has no memory-efficient form here", at: location,
        expected: "memory_efficient false", found: "true",
        remedy: "leave it out: activations are kept, as nidl's default does; more ranks hold fewer of them each")
    }
  }

  private func remedy(forEncoderKeyword name: String) -> String? {
    switch name {
    case "n_embedding": return "give it with --n-embedding"
    case "hidden_channels": return "give the sizes with --mlp-hidden"
    case "in_channels", "num_classes", "weights", "progress":
      return "leave it out: channels come from the data, the classification layer is left out, weights from --init"
    case "norm_layer": return "leave it out: every norm is a batch norm over the whole batch of all ranks"
    default: break
    }
    if let question = NearestName.question(for: name, among: encoder.keywords.map(\.name)) { return question }
    let owner = Encoder.allCases.first { $0.keywords.contains { $0.name == name } }
    return owner.map { "\(name) is a parameter of --encoder \($0.rawValue)" }
  }
}
