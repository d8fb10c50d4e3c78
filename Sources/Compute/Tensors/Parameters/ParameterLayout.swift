import Diagnostics

/// Where each parameter stands in the arenas: one flat run of floats, every parameter at a multiple of 16 (64 bytes).
///
/// Append in the order in which the backward pass completes the gradients, so that buckets are ranges. The floats
/// between parameters are padding: zero in every arena, and every elementwise kernel may pass over them.
public struct ParameterLayout: Sendable, Equatable {
  /// A parameter and its place.
  public struct Entry: Sendable, Equatable {
    /// PyTorch's name, such as `encoder.layer1.0.conv1.weight`.
    public let name: String
    /// PyTorch's layout: OI, OIHW, OIDHW.
    public let shape: [Int]
    /// In floats from the start of an arena; a multiple of `ParameterLayout.alignment`.
    public let offset: Int
    public let count: Int
    /// Whether weight decay applies.
    public let decays: Bool

    /// Its floats in an arena.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// A range of the arena in which weight decay applies to all or to none.
  public struct Run: Sendable, Equatable {
    public let range: Range<Int>
    public let decays: Bool
  }

  /// In floats.
  public static let alignment = 16
  /// Numbers beyond every memory (4 TiB), and far from where sums and products of sizes overflow.
  private static let most = 1 << 40

  public private(set) var entries: [Entry] = []
  /// Floats of an arena, padding included; a multiple of `alignment`.
  public private(set) var total = 0
  private var index: [String: Int] = [:]

  public init() {}

  /// Adds a parameter after the others. `decays` nil: yes if the shape has more than one dimension, as in nidl, where
  /// weight decay leaves out biases and norms. An impossible shape or a name used twice is a `Failure`.
  @discardableResult
  public mutating func append(name: String, shape: [Int], decays: Bool? = nil) throws -> Entry {
    guard index[name] == nil else { throw Failure(.defect, "two parameters are named '\(name)'") }
    guard let count = elementCount(of: shape), count > 0, count <= Self.most, total <= Self.most - count else {
      throw Failure(
        .usage, "the parameter '\(name)' has an impossible shape",
        expected: "sizes of at least 1, and at most 2^40 numbers in all parameters", found: "\(shape)",
        remedy: "give the network's layers smaller sizes")
    }
    let entry = Entry(name: name, shape: shape, offset: total, count: count, decays: decays ?? (shape.count > 1))
    index[name] = entries.count
    entries.append(entry)
    total += (count + Self.alignment - 1) / Self.alignment * Self.alignment
    return entry
  }

  /// Whether there is a parameter of this name.
  public func contains(_ name: String) -> Bool { index[name] != nil }

  /// The parameter of this name; a name that is not there is a `Failure(.defect)`.
  public func entry(_ name: String) throws -> Entry {
    guard let position = index[name] else { throw Failure(.defect, "there is no parameter '\(name)'") }
    return entries[position]
  }

  /// The number of parameters, without padding.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }

  /// Floats of the layer with the most: neighbours whose names differ only after the last dot (a weight and its bias).
  public var largestLayer: Int {
    func layer(_ entry: Entry) -> Substring {
      entry.name.prefix(upTo: entry.name.lastIndex(of: ".") ?? entry.name.endIndex)
    }
    var (largest, start) = (0, 0)
    for (position, entry) in entries.enumerated() {
      if position == 0 || layer(entries[position - 1]) != layer(entry) { start = entry.offset }
      largest = max(largest, entry.range.upperBound - start)
    }
    return largest
  }

  /// Neighbours with the same `decays` as one range, padding included. The runs cover `0..<total` in order.
  public var runs: [Run] {
    var runs: [Run] = []
    for (position, entry) in entries.enumerated() {
      let end = position + 1 < entries.count ? entries[position + 1].offset : total
      if let last = runs.last, last.decays == entry.decays {
        runs[runs.count - 1] = Run(range: last.range.lowerBound..<end, decays: entry.decays)
      } else {
        runs.append(Run(range: entry.offset..<end, decays: entry.decays))
      }
    }
    return runs
  }
}
