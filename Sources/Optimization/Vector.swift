import CVector
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
}

extension AlignedBuffer<Float> {
  /// The buffer as vectors. Its memory is aligned to 64 bytes and padded to a multiple of that.
  @inline(__always)
  var vectors: UnsafeMutablePointer<Vector> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Vector.self)
  }
}
