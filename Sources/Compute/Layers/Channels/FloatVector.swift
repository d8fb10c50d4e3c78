internal import CVector
import Tensors

/// A vector of neighbouring channels.
package protocol FloatVector: SIMD, BitwiseCopyable where Scalar == Float {
  /// max(0, x); NaN stays NaN.
  var rectified: Self { get }
  /// 0 in the lanes where `y` is 0 or negative.
  func zeroed(unlessPositive y: Self) -> Self
  /// Reads one 16-bit number per lane.
  init(_ p: UnsafePointer<BFloat16>)
  /// Writes each lane as a 16-bit number, as `BFloat16` rounds.
  func store(_ p: UnsafeMutablePointer<BFloat16>)
}

extension SIMD16<Float>: FloatVector {
  @inline(__always)
  package var rectified: Self { combined(with: self, bt_zero_where_negative16) }
  @inline(__always)
  package func zeroed(unlessPositive y: Self) -> Self { combined(with: y, bt_zero_unless_positive16) }
  @inline(__always)
  package init(_ p: UnsafePointer<BFloat16>) { self.init(widening: p, bt_widen16) }
  @inline(__always)
  package func store(_ p: UnsafeMutablePointer<BFloat16>) { narrow(to: p, bt_narrow16) }
}

extension SIMD8<Float>: FloatVector {
  @inline(__always)
  package var rectified: Self { combined(with: self, bt_zero_where_negative8) }
  @inline(__always)
  package func zeroed(unlessPositive y: Self) -> Self { combined(with: y, bt_zero_unless_positive8) }
  @inline(__always)
  package init(_ p: UnsafePointer<BFloat16>) { self.init(widening: p, bt_widen8) }
  @inline(__always)
  package func store(_ p: UnsafeMutablePointer<BFloat16>) { narrow(to: p, bt_narrow8) }
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

  @inline(__always)
  fileprivate init(
    widening p: UnsafePointer<BFloat16>, _ function: (UnsafePointer<UInt16>, UnsafeMutablePointer<Float>) -> Void
  ) {
    var result = Self.zero
    withUnsafeMutableBytes(of: &result) { result in
      function(
        UnsafeRawPointer(p).assumingMemoryBound(to: UInt16.self),
        result.baseAddress!.assumingMemoryBound(to: Float.self))
    }
    self = result
  }

  @inline(__always)
  fileprivate func narrow(
    to p: UnsafeMutablePointer<BFloat16>, _ function: (UnsafePointer<Float>, UnsafeMutablePointer<UInt16>) -> Void
  ) {
    withUnsafeBytes(of: self) {
      function(
        $0.baseAddress!.assumingMemoryBound(to: Float.self),
        UnsafeMutableRawPointer(p).assumingMemoryBound(to: UInt16.self))
    }
  }

  /// Reads a whole vector, or its first `lanes` elements and zeros.
  @inline(__always)
  static func load<Number: StoredNumber>(_ p: UnsafePointer<Number>, full: Bool, lanes: Int) -> Self {
    if full {
      return Number.self == BFloat16.self
        ? Self(UnsafeRawPointer(p).assumingMemoryBound(to: BFloat16.self))
        : UnsafeRawPointer(p).loadUnaligned(as: Self.self)
    }
    var vector = Self.zero
    for lane in 0..<lanes { vector[lane] = p[lane].float }
    return vector
  }

  /// Writes a whole vector, or its first `lanes` elements.
  @inline(__always)
  func store<Number: StoredNumber>(_ p: UnsafeMutablePointer<Number>, full: Bool, lanes: Int) {
    if !full {
      for lane in 0..<lanes { p[lane] = Number(self[lane]) }
    } else if Number.self == BFloat16.self {
      store(UnsafeMutableRawPointer(p).assumingMemoryBound(to: BFloat16.self))
    } else {
      UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self)
    }
  }
}
