import Layers
import Tensors
import Testing

@Suite struct BFloat16Tests {
  /// Every 16-bit number comes back from its `Float`.
  @Test func everyNumberComesBack() {
    for bits in UInt16.min...(.max) {
      var number = BFloat16(0)
      number.bitPattern = bits
      let back = BFloat16(number.float)
      // A signalling NaN becomes a quiet one.
      #expect(number.float.isNaN ? back.float.isNaN && back.bitPattern == bits | 0x40 : back == number)
    }
  }

  /// The neighbours below and above, in double precision, decide: the nearest, or of two equally near the even one.
  @Test func roundsToTheNearest() {
    let tails: [UInt32] = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
    for head in stride(from: UInt32(0), to: 0x7F80, by: 7) {
      for tail in tails {
        let x = Float(bitPattern: head << 16 | tail)
        let (below, above) = (Double(Float(bitPattern: head << 16)), Double(Float(bitPattern: (head + 1) << 16)))
        // The next step after the largest number would be as large.
        let top = head == 0x7F7F ? 0x1p128 : above
        let (down, up) = (Double(x) - below, top - Double(x))
        let expected = down < up || (down == up && head % 2 == 0) ? below : head == 0x7F7F ? .infinity : above
        #expect(Double(BFloat16(x).float) == expected, "\(x)")
        #expect(Double(BFloat16(-x).float) == -expected, "\(-x)")
      }
    }
  }

  @Test func specialValues() {
    for x in FloatVectorTests.special {
      let result = BFloat16(x).float
      if x.isNaN {
        #expect(result.isNaN)
      } else {
        #expect(result.sign == x.sign && result.isInfinite == (abs(x) >= 0x1.FFp127), "\(x)")
      }
    }
    // A NaN whose bits all lie in the half that is cut off.
    #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).float.isNaN)
    #expect(BFloat16(Float(bitPattern: 0xFFFF_FFFF)).float.isNaN)
  }

  /// The vectors' conversions are C's (CVector): the same bits as one by one.
  @Test func vectorsConvertAsSingleNumbers() {
    check(SIMD8<Float>.self)
    check(SIMD16<Float>.self)
  }

  private func check<V: FloatVector>(_: V.Type) {
    let tails: [UInt32] = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
    var patterns = FloatVectorTests.special.map(\.bitPattern)
    for head in stride(from: UInt32(0), through: 0xFFFF, by: 251) { patterns += tails.map { head << 16 | $0 } }
    let (wide, narrow) = (AlignedBuffer<Float>(V.scalarCount), AlignedBuffer<BFloat16>(V.scalarCount + 1))
    for first in stride(from: 0, to: patterns.count - V.scalarCount, by: 3) {
      for lane in 0..<V.scalarCount { wide.pointer[lane] = Float(bitPattern: patterns[first + lane]) }
      let vector = UnsafeRawPointer(wide.pointer).load(as: V.self)
      // At an address of two bytes.
      vector.store(narrow.pointer + 1)
      let back = V(UnsafePointer(narrow.pointer + 1))
      for lane in 0..<V.scalarCount {
        let expected = BFloat16(wide.pointer[lane])
        #expect(narrow.pointer[lane + 1] == expected)
        #expect(back[lane].bitPattern == expected.float.bitPattern)
      }
    }
  }

  @Test(arguments: [0, 1, 15, 16_385, 40_001]) func loops(count: Int) {
    let (x, y) = (AlignedBuffer<Float>(count), AlignedBuffer<BFloat16>(count))
    let special = FloatVectorTests.special
    for i in 0..<count { x.pointer[i] = i % 3 == 0 ? special[i / 3 % special.count] : Float(i % 101) * 0.37 - 17 }
    Elementwise.convert(x.pointer, to: y.pointer, count: count)
    #expect((0..<count).allSatisfy { y.pointer[$0] == BFloat16(x.pointer[$0]) })
    let back = AlignedBuffer<Float>(count)
    Elementwise.convert(y.pointer, to: back.pointer, count: count)
    #expect((0..<count).allSatisfy { back.pointer[$0].bitPattern == y.pointer[$0].float.bitPattern })

    let sum = AlignedBuffer<BFloat16>(copying: Array(y.elements))
    Elementwise.add(y.pointer, into: sum.pointer, count: count)
    #expect((0..<count).allSatisfy { sum.pointer[$0] == BFloat16(2 * back.pointer[$0]) })

    let masked = AlignedBuffer<BFloat16>(copying: Array(sum.elements))
    Elementwise.mask(masked.pointer, whereZero: y.pointer, count: count)
    Elementwise.rectify(y.pointer, count: count)
    #expect(
      (0..<count).allSatisfy { i in
        let (value, kept) = (back.pointer[i], !(back.pointer[i] <= 0))
        return y.pointer[i].float.bitPattern == (value < 0 ? 0 : value).bitPattern
          && masked.pointer[i] == (kept ? sum.pointer[i] : BFloat16(0))
      })
  }
}
