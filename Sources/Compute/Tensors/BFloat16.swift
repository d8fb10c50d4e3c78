/// A number of 16 bits with `Float`'s sign and exponent and 7 bits of its significand: `Float`'s range, a relative
/// rounding error of at most 2⁻⁸.
///
/// Memory of activations holds it; sums and everything else are computed in `Float`.
@frozen public struct BFloat16: BitwiseCopyable, Sendable, Equatable {
  public var bitPattern: UInt16

  /// The nearest one, and of two equally near the even one; NaN stays NaN, and what is too large becomes infinite.
  @inlinable @inline(__always)
  public init(_ value: Float) {
    let bits = value.bitPattern
    let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    // Rounding could carry a NaN's bits over into an infinity: a NaN is cut off and made quiet.
    bitPattern = UInt16(truncatingIfNeeded: bits & 0x7FFF_FFFF > 0x7F80_0000 ? bits >> 16 | 0x40 : rounded)
  }

  @inlinable @inline(__always)
  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

/// A number as memory of activations stores it.
///
/// Public, so that kernels of other modules are specialised for it: through a `package` protocol each number would be a call.
public protocol StoredNumber: BitwiseCopyable, Sendable {
  /// The nearest one that can be stored.
  init(_ value: Float)
  var float: Float { get }
}

extension BFloat16: StoredNumber {}

extension Float: StoredNumber {
  @inlinable @inline(__always)
  public var float: Float { self }
}

extension AlignedBuffer<Float> {
  /// The memory as twice as many numbers of 16 bits.
  public var bfloat16: UnsafeMutablePointer<BFloat16> { stored(as: BFloat16.self) }

  /// The memory as numbers of another type.
  public func stored<Number: StoredNumber>(as _: Number.Type) -> UnsafeMutablePointer<Number> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Number.self)
  }
}
