internal import CVector
import Tensors

/// Sixteen floats at once: the unit in which arenas are laid out.
typealias Vector = SIMD16<Float>

extension Vector {
  static var width: Int { 16 }

  /// The square root of every lane, correctly rounded; NaN for negative lanes.
  @inline(__always)
  var squareRoots: Vector {
    var (input, output) = (self, Vector.zero)
    withUnsafeBytes(of: &input) { input in
      withUnsafeMutableBytes(of: &output) { output in
        bt_sqrt16(
          input.baseAddress!.assumingMemoryBound(to: Float.self),
          output.baseAddress!.assumingMemoryBound(to: Float.self))
      }
    }
    return output
  }

  /// The larger of each pair of lanes; that of `other` where either is not a number.
  @inline(__always)
  func maximum(_ other: Vector) -> Vector {
    var (result, other) = (self, other)
    withUnsafeMutableBytes(of: &result) { result in
      withUnsafeBytes(of: &other) { other in
        bt_max16(
          result.baseAddress!.assumingMemoryBound(to: Float.self),
          other.baseAddress!.assumingMemoryBound(to: Float.self))
      }
    }
    return result
  }
}

extension AlignedBuffer<Float> {
  /// The buffer as vectors. Its memory is aligned to 64 bytes and padded to a multiple of that.
  @inline(__always)
  var vectors: UnsafeMutablePointer<Vector> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Vector.self)
  }
}
