import Layers
import Testing

/// The masks are vector instructions of their own (CVector): lane by lane, they must do what a plain loop does.
@Suite struct FloatVectorTests {
  static let special: [Float] = [
    .nan, -.nan, .signalingNaN, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude, -.leastNormalMagnitude, 1, -1, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
  ]

  /// Every special value in every lane, next to others.
  private func vectors<V: FloatVector>(_: V.Type, step: Int = 1) -> [V] {
    Self.special.indices.map { first in
      var vector = V.zero
      for lane in 0..<V.scalarCount { vector[lane] = Self.special[(first + step * lane) % Self.special.count] }
      return vector
    }
  }

  private func checkRectified<V: FloatVector>(_: V.Type) {
    for vector in vectors(V.self) {
      let result = vector.rectified
      for lane in 0..<V.scalarCount {
        let x = vector[lane]
        if x.isNaN {
          #expect(result[lane].isNaN)
        } else {
          // 0 where x < 0; −0 is not below 0 and stays.
          #expect(result[lane].bitPattern == (x < 0 ? 0 : x).bitPattern, "\(x) in lane \(lane)")
        }
      }
    }
  }

  private func checkZeroed<V: FloatVector>(_: V.Type) {
    for gradient in vectors(V.self) {
      for y in vectors(V.self, step: 2) {
        let result = gradient.zeroed(unlessPositive: y)
        for lane in 0..<V.scalarCount {
          let expected = y[lane] <= 0 ? 0 : gradient[lane]
          #expect(result[lane].bitPattern == expected.bitPattern, "\(gradient[lane]) by \(y[lane]) in lane \(lane)")
        }
      }
    }
  }

  @Test func rectifiedInEightLanes() { checkRectified(SIMD8<Float>.self) }
  @Test func rectifiedInSixteenLanes() { checkRectified(SIMD16<Float>.self) }
  @Test func zeroedInEightLanes() { checkZeroed(SIMD8<Float>.self) }
  @Test func zeroedInSixteenLanes() { checkZeroed(SIMD16<Float>.self) }
}
