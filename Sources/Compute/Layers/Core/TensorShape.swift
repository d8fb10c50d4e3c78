import Diagnostics
import Tensors

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

  // Sizes saturate at `Int.max`: buffers refuse it, so that nobody computes with a product that has overflowed.

  /// Positions of one channel of one sample.
  public var plane: Int { spatial.reduce(1, saturatingProduct) }
  /// Channels as stored, with the padding of the last block.
  public var storedChannels: Int {
    guard case .blocked(let width) = layout, channels <= .max - width else { return channels }
    return (channels + width - 1) / width * width
  }
  /// Elements of one sample as stored.
  public var sampleStride: Int { saturatingProduct(storedChannels, plane) }
  /// Elements as stored.
  public var count: Int { saturatingProduct(samples, sampleStride) }
  /// Floats of memory that the tensor takes.
  public var floats: Int { element == .float32 ? count : count / 2 + count % 2 }
  public var dimensions: [Int] { [samples, channels] + spatial }
}

extension TensorShape {
  /// What a size may be: kernels and oneDNN count some of them in 32 bits.
  private static var largestSize: Int { Int(Int32.max) }

  /// This shape, if sizes and memory are such as kernels compute with.
  ///
  /// - Throws: a usage failure with the shape.
  package func checked() throws(Failure) -> TensorShape {
    // 2⁴⁰ numbers are 4 TiB: beyond every memory, and far from where products of sizes overflow.
    guard dimensions.allSatisfy({ (0...Self.largestSize).contains($0) }), count <= 1 << 40 else {
      throw Failure(
        .usage, "the output of a layer is beyond every memory",
        expected: "sizes of at most \(Self.largestSize), and at most 2^40 numbers",
        found: "\(samples.counted("sample")) of \(self)",
        remedy: "give a smaller \(option: "batch-size"), fewer channels, or more strides")
    }
    return self
  }
}

extension TensorShape: CustomStringConvertible {
  /// `64×8×8`, without the samples.
  public var description: String { ([channels] + spatial).map(String.init).joined(separator: "×") }
}
