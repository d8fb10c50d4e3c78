import CommandLine
import Configuration
import Diagnostics
import Encoders

/// The Python that builds a configuration's encoder out of torchvision's or nidl's class.
struct PythonNetwork {
  /// `torchvision.models.resnet18`
  let origin: String
  let imports: String
  /// In what the encoder is not the class as it stands.
  var changes: [String] = []
  /// The lines that make `model`.
  var construction: [String] = []
  /// Of the arrays that it takes.
  let shape: String
  /// Gives arrays of one channel their axis.
  var missingAxis: String?
  /// What follows the class's own forward pass.
  var pooling = ""

  /// nil for encoders that no class has: described layers, and a program's own.
  init?(_ configuration: TrainingConfiguration, inputs: Int) {
    switch configuration.encoder {
    case .mlp: self.init(mlp: configuration, inputs: inputs)
    case .resnet18, .resnet34, .resnet50: self.init(image: configuration, channels: inputs)
    case .resnet3d18, .resnet3d50, .resnet3d18Truncated, .resnet3d50Truncated:
      self.init(volume: configuration, channels: inputs)
    case .densenet3d121, .alexnet3d: self.init(other: configuration, channels: inputs)
    default: return nil
    }
  }

  private init(mlp configuration: TrainingConfiguration, inputs: Int) {
    origin = "torchvision.ops.MLP"
    imports = "import torchvision"
    shape = "N×\(inputs) numbers, of any shape"
    missingAxis = "x = x.reshape(len(x), -1)"
    var arguments = ["\(inputs)", "\(configuration.mlpHidden)"]
    if configuration.encoderKwargs["norm_layer"] != nil { arguments.append("norm_layer=torch.nn.BatchNorm1d") }
    arguments += Self.arguments(configuration, ["dropout", "bias"])
    construction = ["model = torchvision.ops.MLP(\(arguments.joined(separator: ", ")))"]
  }

  private init(image configuration: TrainingConfiguration, channels: Int) {
    let (name, width, isSmall) = (configuration.encoder.rawValue, configuration.width, configuration.stem == .small)
    origin = "torchvision.models.\(name)"
    imports = "import torchvision"
    shape = "N×\(channels)×H×W"
    missingAxis = channels == 1 ? "x = x[:, None] if x.ndim == 3 else x" : nil
    if channels != 3 { changes.append("\(channels.counted("channel")) instead of 3") }
    if isSmall { changes.append("the small stem") }
    if width != 64 { changes.append("width \(width) instead of 64") }
    let window = isSmall ? "3, padding=1" : "7, stride=2, padding=3"
    let first = "torch.nn.Conv2d(\(channels), \(width), \(window), bias=False)"
    let arguments = Self.arguments(configuration, ["groups", "width_per_group", "replace_stride_with_dilation"])
    if width == 64 {
      construction.append("model = torchvision.models.\(name)(\(arguments.joined(separator: ", ")))")
      if channels != 3 || isSmall { construction.append("model.conv1 = \(first)") }
    } else {
      let block = name == "resnet50" ? "Bottleneck" : "BasicBlock"
      let sizes = name == "resnet18" ? [2, 2, 2, 2] : [3, 4, 6, 3]
      construction =
        Self.scaledClass(of: "torchvision.models.ResNet", width: width, first: first, norm: "torch.nn.BatchNorm2d") + [
          "model = Scaled("
            + (["torchvision.models.resnet.\(block)", "\(sizes)"] + arguments).joined(separator: ", ") + ")"
        ]
    }
    if isSmall { construction.append("model.maxpool = torch.nn.Identity()") }
    construction.append("model.fc = torch.nn.Identity()")
  }

  private init(volume configuration: TrainingConfiguration, channels: Int) {
    let kind = configuration.encoder
    let (isTruncated, isBasic) = (kind.hasPeerState, [.resnet3d18, .resnet3d18Truncated].contains(kind))
    let name = (isBasic ? "resnet18" : "resnet50") + (isTruncated ? "_trunc" : "")
    let width = configuration.width
    origin = "nidl.volume.backbones.\(name)"
    shape = "N×\(channels)×D×H×W"
    missingAxis = channels == 1 ? "x = x[:, None] if x.ndim == 4 else x" : nil
    // nidl's truncated networks give feature maps.
    if isTruncated { pooling = ".mean((2, 3, 4))" }
    var arguments = ["in_channels=\(channels)", "n_embedding=\(configuration.nEmbedding ?? 512)"]
    arguments += Self.arguments(
      configuration,
      ["depth", "groups", "width_per_group", "replace_stride_with_dilation", "initial_kernel_size"])
    if width == 64 {
      imports = "from nidl.volume.backbones import \(name)"
      construction = ["model = \(name)(\(arguments.joined(separator: ", ")))"]
      return
    }
    changes = ["width \(width) instead of 64"]
    imports = "from nidl.volume.backbones import resnet3d"
    let kernel = configuration.encoderKwargs["initial_kernel_size"]?.integer ?? 7
    let stride = kernel == 7 ? 2 : 1
    let first =
      "torch.nn.Conv3d(\(channels), \(width), \(kernel), stride=\(stride), padding=\((kernel - stride + 1) / 2), "
      + "bias=False)"
    let (block, sizes) = isBasic ? ("BasicBlock", "(2, 2, 2, 2)") : ("Bottleneck", "(3, 4, 6, 3)")
    construction =
      Self.scaledClass(
        of: "resnet3d.\(isTruncated ? "ResNetTruncated" : "ResNet")", width: width, first: first,
        norm: "torch.nn.BatchNorm3d")
      + [
        "model = Scaled(" + (["resnet3d.\(block)", sizes] + arguments).joined(separator: ", ") + ")",
        "model.embedding = torch.nn.Linear(\(8 * width * (isBasic ? 1 : 4)), \(configuration.nEmbedding ?? 512))",
      ]
  }

  private init(other configuration: TrainingConfiguration, channels: Int) {
    shape = "N×\(channels)×D×H×W"
    missingAxis = channels == 1 ? "x = x[:, None] if x.ndim == 4 else x" : nil
    if configuration.encoder == .alexnet3d {
      origin = "nidl.volume.backbones.AlexNet"
      imports = "from nidl.volume.backbones import AlexNet"
      construction = ["model = AlexNet(n_embedding=\(configuration.nEmbedding ?? 128), in_channels=\(channels))"]
      return
    }
    let keywords = configuration.encoderKwargs
    let blocks = (keywords["block_config"]?.integers ?? [6, 12, 24, 16]).map(String.init).joined(separator: ", ")
    let arguments =
      [
        "growth_rate=\(keywords["growth_rate"]?.integer ?? 32)", "block_config=(\(blocks))",
        "num_init_features=\(keywords["num_init_features"]?.integer ?? 64)", "in_channels=\(channels)",
        "n_embedding=\(configuration.nEmbedding ?? 512)",
      ] + Self.arguments(configuration, ["bn_size"])
    origin = "nidl.volume.backbones.DenseNet"
    imports = "from nidl.volume.backbones import DenseNet"
    construction = ["model = DenseNet(\(arguments.joined(separator: ", ")))"]
  }

  /// A class whose stages have `width`, 2, 4 and 8 times as many channels, in place of the 64 that are fixed in it.
  private static func scaledClass(of base: String, width: Int, first: String, norm: String) -> [String] {
    [
      "class Scaled(\(base)):",
      "    def _make_layer(self, block, planes, *args, **kwargs):",
      "        if planes == 64:",
      "            self.inplanes = \(width)",
      "            self.conv1, self.bn1 = \(first), \(norm)(\(width))",
      "        return super()._make_layer(block, planes * \(width) // 64, *args, **kwargs)",
    ]
  }

  /// Those of the keywords that were given, as Python writes them.
  private static func arguments(_ configuration: TrainingConfiguration, _ names: [String]) -> [String] {
    names.compactMap { name in configuration.encoderKwargs[name].map { "\(name)=\($0.python)" } }
  }
}

extension KwargValue {
  /// As Python writes it.
  fileprivate var python: String {
    switch self {
    case .number(let value): integer.map(String.init) ?? "\(value)"
    case .flag(let value): value ? "True" : "False"
    case .text(let value): value.quotedJSON
    case .list(let values): "[" + values.map { KwargValue.number($0).python }.joined(separator: ", ") + "]"
    case .flags(let values): "[" + values.map { KwargValue.flag($0).python }.joined(separator: ", ") + "]"
    }
  }
}
