import Diagnostics

/// All parameters and all their gradients of a network, each in one flat run of floats; see `ParameterLayout`.
///
/// Both start at zero. Nobody writes into the padding, or only zeros.
public final class ParameterArena: Sendable {
  public let layout: ParameterLayout
  public let values: AlignedBuffer<Float>
  public let gradients: AlignedBuffer<Float>

  /// - Throws: a usage failure where the system gives no memory.
  public init(_ layout: ParameterLayout) throws(Failure) {
    self.layout = layout
    values = try AlignedBuffer(layout.total, for: .parameters)
    gradients = try AlignedBuffer(layout.total, for: .gradients)
  }

  /// The first float of a parameter; aligned to 64 bytes, valid as long as the arena lives.
  public func pointer(of entry: ParameterLayout.Entry) -> UnsafeMutablePointer<Float> { values.pointer + entry.offset }
  /// Where a parameter begins; a name that is not there is a `Failure(.defect)`.
  public func pointer(of name: String) throws -> UnsafeMutablePointer<Float> { pointer(of: try layout.entry(name)) }

  /// The first float of a parameter's gradient.
  public func gradient(of entry: ParameterLayout.Entry) -> UnsafeMutablePointer<Float> {
    gradients.pointer + entry.offset
  }
  /// Where a parameter's gradient begins; a name that is not there is a `Failure(.defect)`.
  public func gradient(of name: String) throws -> UnsafeMutablePointer<Float> { gradient(of: try layout.entry(name)) }
}
