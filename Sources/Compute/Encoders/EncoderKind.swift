import CommandLine
import Diagnostics

/// A kind of encoder: the word that names it, what it takes, and how it is made.
///
/// A new encoder is one file with one of these as a static member, and its name in `all`.
public struct EncoderKind: Sendable {
  /// All kinds, in the order of the help.
  public static let all: [EncoderKind] = [
    .mlp, .resnet18, .resnet34, .resnet50, .resnet3d18, .resnet3d50, .resnet3d18Truncated, .resnet3d50Truncated,
    .densenet3d121, .alexnet3d, .layers, .custom,
  ]

  /// `resnet3d-18`
  public let rawValue: String
  /// Parameters under torchvision's or nidl's names, besides those that are fields of `EncoderOptions`.
  package let keywords: [KeywordArgument]
  /// The command's options of the network that mean something to this encoder.
  package let options: Set<String>
  /// The samples that it is made for; nil where there is no such shape.
  package let usualShape: @Sendable (EncoderOptions) -> [Int]?
  /// Whether the class in PyTorch's world holds more than the encoder's own tensors; see `PeerState`.
  package let hasPeerState: Bool
  /// Throws for keywords that do not go together; each by itself has been checked. The text says where they stand.
  package let check: @Sendable (EncoderOptions, _ location: String) throws(Failure) -> Void
  /// Makes the network for samples of a shape; keywords have been checked.
  package let make: @Sendable (EncoderOptions, _ sampleShape: [Int]) throws -> Encoder

  package init(
    _ name: String, keywords: [KeywordArgument] = [], options: Set<String> = [],
    usualShape: @escaping @Sendable (EncoderOptions) -> [Int]? = { _ in nil }, hasPeerState: Bool = false,
    check: @escaping @Sendable (EncoderOptions, String) throws(Failure) -> Void = { (_, _) throws(Failure) in },
    make: @escaping @Sendable (EncoderOptions, [Int]) throws -> Encoder
  ) {
    rawValue = name
    self.keywords = keywords
    self.options = options.union(["convolution"])
    self.usualShape = usualShape
    self.hasPeerState = hasPeerState
    self.check = check
    self.make = make
  }
}

extension EncoderKind: Equatable, RawRepresentable, CaseIterable {
  public static func == (a: EncoderKind, b: EncoderKind) -> Bool { a.rawValue == b.rawValue }

  /// nil for a name that no kind has.
  public init?(rawValue: String) {
    guard let kind = Self.all.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = kind
  }

  public static var allCases: [EncoderKind] { all }
}

extension EncoderKind {
  /// A network of a program's own, which gives it to the library.
  public static let custom = EncoderKind("custom") { _, _ in
    throw Failure(
      .usage, "the encoder is a program's own, which bt-dist does not have", at: "\(option: "encoder")",
      expected: "a program that gives it to the library's BarlowTwins, as Sources/Program/Examples does",
      found: "\(option: "encoder") custom", remedy: "use that program, or choose another \(option: "encoder")")
  }

  /// For the help: each list of keywords with the encoders that have it.
  package static var keywordSummary: String {
    var lists: [(keywords: String, encoders: [String])] = []
    for kind in all where !kind.keywords.isEmpty {
      let keywords = kind.keywords.map(\.name).joined(separator: ", ")
      if let place = lists.firstIndex(where: { $0.keywords == keywords }) {
        lists[place].encoders.append(kind.rawValue)
      } else {
        lists.append((keywords, [kind.rawValue]))
      }
    }
    return lists.map { $0.encoders.joined(separator: ", ") + ": " + $0.keywords }.joined(separator: "; ") + "."
  }
}

/// What an encoder is made of: the options of the network, as the configuration has them.
package struct EncoderOptions: Sendable {
  package var stem = ImageStem.small
  /// Channels of a ResNet's first stage.
  package var width = 64
  /// Output sizes of an MLP's layers.
  package var mlpHidden: [Int] = []
  /// nil: the encoder's own.
  package var nEmbedding: Int?
  /// Of an encoder that the configuration describes.
  package var layers: [LayerSpecification] = []
  /// Further parameters under torchvision's and nidl's names.
  package var keywords: [String: KwargValue] = [:]

  package init() {}

  func integer(_ keyword: String) -> Int? { keywords[keyword]?.integer }

  func flag(_ keyword: String) -> Bool? { if case .flag(let value)? = keywords[keyword] { value } else { nil } }

  func number(_ keyword: String) -> Double? { if case .number(let value)? = keywords[keyword] { value } else { nil } }
}
