import CVector

/// A vector of neighbouring channels.
package protocol FloatVector: SIMD, BitwiseCopyable where Scalar == Float {
  /// max(0, x); NaN stays NaN.
  var rectified: Self { get }
  /// 0 in the lanes where `y` is 0 or negative.
  func zeroed(unlessPositive y: Self) -> Self
}

extension SIMD16<Float>: FloatVector {
  @inline(__always)
  package var rectified: Self { combined(with: self, bt_zero_where_negative16) }
  @inline(__always)
  package func zeroed(unlessPositive y: Self) -> Self { combined(with: y, bt_zero_unless_positive16) }
}

extension SIMD8<Float>: FloatVector {
  @inline(__always)
  package var rectified: Self { combined(with: self, bt_zero_where_negative8) }
  @inline(__always)
  package func zeroed(unlessPositive y: Self) -> Self { combined(with: y, bt_zero_unless_positive8) }
}

extension FloatVector {
  /// Applies one of CVector's functions, which take vectors through memory; the optimiser keeps them in registers.
  @inline(__always)
  fileprivate func combined(
    with y: Self, _ function: (UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void
  ) -> Self {
    var (result, y) = (self, y)
    withUnsafeMutableBytes(of: &result) { result in
      withUnsafeBytes(of: &y) { y in
        function(
          result.baseAddress!.assumingMemoryBound(to: Float.self), y.baseAddress!.assumingMemoryBound(to: Float.self))
      }
    }
    return result
  }

  /// Reads a whole vector, or its first `lanes` elements and zeros.
  @inline(__always)
  static func load(_ p: UnsafePointer<Float>, full: Bool, lanes: Int) -> Self {
    if full { return UnsafeRawPointer(p).loadUnaligned(as: Self.self) }
    var vector = Self.zero
    for lane in 0..<lanes { vector[lane] = p[lane] }
    return vector
  }

  /// Writes a whole vector, or its first `lanes` elements.
  @inline(__always)
  func store(_ p: UnsafeMutablePointer<Float>, full: Bool, lanes: Int) {
    if full {
      UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self)
    } else {
      for lane in 0..<lanes { p[lane] = self[lane] }
    }
  }
}
