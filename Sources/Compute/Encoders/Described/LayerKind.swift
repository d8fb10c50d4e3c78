import Diagnostics

/// The vocabulary of described layers: each layer's name in a configuration, and its keys.
package enum LayerKind: String, CaseIterable {
  case convolution
  case batchNorm = "batch_norm"
  case relu
  case maxPool = "max_pool"
  case averagePool = "average_pool"
  case adaptiveAveragePool = "adaptive_average_pool"
  case globalAveragePool = "global_average_pool"
  case globalMaxPool = "global_max_pool"
  case dropout, flatten, linear, residual, concatenate
  case repeated = "repeat"

  package static let names = allCases.map(\.rawValue)

  /// Keys beside the name.
  var keys: [String] {
    switch self {
    case .convolution: ["kernel_size", "stride", "padding", "dilation", "groups", "bias"]
    case .maxPool, .averagePool: ["stride", "padding"]
    case .linear: ["bias"]
    case .residual: ["shortcut"]
    case .repeated: ["layers"]
    default: []
    }
  }

  /// Whether the name says everything: `"relu"` is `{relu: true}`.
  var isComplete: Bool {
    switch self {
    case .batchNorm, .relu, .globalAveragePool, .globalMaxPool, .flatten: true
    default: false
    }
  }

  /// How to write it, for errors.
  var example: String {
    switch self {
    case .convolution: "{convolution: 32, kernel_size: 3}"
    case .maxPool, .averagePool: "{\(rawValue): 2}"
    case .adaptiveAveragePool: "{adaptive_average_pool: 4}"
    case .dropout: "{dropout: 0.1}"
    case .linear: "{linear: 128}"
    case .residual: "{residual: [{convolution: 32, kernel_size: 3, padding: 1}, 'batch_norm']}"
    case .concatenate: "{concatenate: ['batch_norm', 'relu', {convolution: 12, kernel_size: 3, padding: 1}]}"
    case .repeated: "{repeat: 2, layers: [{linear: 128}, 'relu']}"
    default: "'\(rawValue)'"
    }
  }

  /// Names that people try for it: PyTorch's classes in lower case without the digits, and other usual ones.
  private var synonyms: [String] {
    switch self {
    case .convolution: ["conv", "convd"]
    case .batchNorm: ["norm", "bn", "batchnorm", "batchnormd", "normalization", "batchnormalization"]
    case .relu: ["activation", "rectify"]
    case .maxPool: ["pool", "maxpool", "maxpoold", "maxpooling"]
    case .averagePool: ["avgpool", "avgpoold", "meanpool", "averagepooling"]
    case .adaptiveAveragePool: ["adaptiveavgpool", "adaptiveavgpoold", "adaptivepool"]
    case .globalAveragePool: ["gap", "globalavgpool", "globalpool", "globalaveragepooling", "meanpooling"]
    case .globalMaxPool: ["gmp", "globalmaxpooling", "adaptivemaxpool", "adaptivemaxpoold"]
    case .dropout: ["dropoutd"]
    case .flatten: ["reshape", "view"]
    case .linear: ["fc", "dense", "fullyconnected", "mlp"]
    case .residual: ["res", "resblock", "residualblock", "body", "skip"]
    case .concatenate: ["concat", "cat", "denseblock", "denselayer"]
    case .repeated: ["times", "repeated"]
    }
  }

  /// `did you mean batch_norm?` for a name that is none; nil if nothing is near.
  static func question(for name: String) -> String? {
    let folded = name.lowercased().filter { $0.isLetter }
    if let kind = allCases.first(where: { $0.synonyms.contains(folded) }) { return "did you mean \(kind.rawValue)?" }
    return NearestName.question(for: name, among: names)
  }

  /// `did you mean kernel_size?` for a key that is none of this layer's.
  func question(forKey key: String) -> String? {
    let usual = [
      "kernel": "kernel_size", "size": "kernel_size", "k": "kernel_size", "strides": "stride", "pad": "padding",
      "downsample": "shortcut", "projection": "shortcut", "use_bias": "bias", "body": "layers",
    ]
    if let key = usual[key.lowercased()], keys.contains(key) { return "did you mean \(key)?" }
    return NearestName.question(for: key, among: keys)
  }
}
