/// The shape of an activation: samples × channels × spatial extents, and how they lie in memory.
public struct TensorShape: Equatable, Sendable {
  /// In which order memory holds the numbers.
  public enum Layout: Equatable, Sendable {
    /// Plain C order: N×F, N×C×H×W, N×C×D×H×W.
    case plain
    /// Channels in blocks of `width` next to each other (oneDNN's nChw16c and kin); the last block is padded with zeros.
    case blocked(width: Int)
  }

  /// How memory holds a number.
  public enum Element: String, Equatable, Sendable, CaseIterable {
    case float32 = "32"
    /// `BFloat16`, half the memory. What is computed from it is computed in float32 and rounded when it is stored.
    case bfloat16 = "bf16"
  }

  public var samples: Int
  public var channels: Int
  /// [] for rows of features, [H, W] or [D, H, W].
  public var spatial: [Int]
  public var layout: Layout
  public var element: Element

  public init(
    samples: Int, channels: Int, spatial: [Int] = [], layout: Layout = .plain, element: Element = .float32
  ) {
    self.samples = samples
    self.channels = channels
    self.spatial = spatial
    self.layout = layout
    self.element = element
  }

  /// Positions of one channel of one sample.
  public var plane: Int { spatial.reduce(1, *) }
  /// Channels as stored, with the padding of the last block.
  public var storedChannels: Int {
    guard case .blocked(let width) = layout else { return channels }
    return (channels + width - 1) / width * width
  }
  /// Elements of one sample as stored.
  public var sampleStride: Int { storedChannels * plane }
  /// Elements as stored.
  public var count: Int { samples * sampleStride }
  /// Floats of memory that the tensor takes.
  public var floats: Int { element == .float32 ? count : (count + 1) / 2 }
  public var dimensions: [Int] { [samples, channels] + spatial }
}

extension TensorShape: CustomStringConvertible {
  /// `64×8×8`, without the samples.
  public var description: String { ([channels] + spatial).map(String.init).joined(separator: "×") }
}
