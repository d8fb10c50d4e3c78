internal import CVector
import Tensors

/// Neighbouring channels' largest values so far, and where in the window they are.
protocol MaximumLanes {
  static var count: Int { get }
  /// −∞ at a window's first position.
  init(first: Int32)
  mutating func take<Number: StoredNumber>(_ x: UnsafePointer<Number>, _ place: Int32)
  func store<Number: StoredNumber>(_ y: UnsafeMutablePointer<Number>, _ choices: UnsafeMutablePointer<UInt16>?)
}

/// One channel, in plain images.
struct SingleMaximum: MaximumLanes {
  static var count: Int { 1 }
  private var best = -Float.infinity
  private var choice: Int32

  @inline(__always)
  init(first: Int32) { choice = first }

  @inline(__always)
  mutating func take<Number: StoredNumber>(_ x: UnsafePointer<Number>, _ place: Int32) {
    let x = x.pointee.float
    if x > best || x.isNaN { (best, choice) = (x, place) }
  }

  @inline(__always)
  func store<Number: StoredNumber>(_ y: UnsafeMutablePointer<Number>, _ choices: UnsafeMutablePointer<UInt16>?) {
    y.pointee = Number(best)
    choices?.pointee = UInt16(truncatingIfNeeded: choice)
  }
}

/// A block of channels.
struct VectorMaximum<Values: MaximumVector>: MaximumLanes {
  static var count: Int { Values.scalarCount }
  private var best = Values(repeating: -.infinity)
  private var choice: Values.MaskStorage

  @inline(__always)
  init(first: Int32) { choice = Values.MaskStorage(repeating: .init(truncatingIfNeeded: first)) }

  @inline(__always)
  mutating func take<Number: StoredNumber>(_ x: UnsafePointer<Number>, _ place: Int32) {
    let x = Values.load(x, full: true, lanes: 0)
    withLanes(&best, &choice) { best, choice in
      withUnsafeBytes(of: x) {
        Values.chooseLarger(best, choice, $0.baseAddress!.assumingMemoryBound(to: Float.self), place)
      }
    }
  }

  @inline(__always)
  func store<Number: StoredNumber>(_ y: UnsafeMutablePointer<Number>, _ choices: UnsafeMutablePointer<UInt16>?) {
    best.store(y, full: true, lanes: 0)
    var (best, choice) = (best, choice)
    if let choices { withLanes(&best, &choice) { Values.narrow($1, choices) } }
  }
}

/// CVector's functions for max pooling at one width.
protocol MaximumVector: FloatVector {
  /// Takes what is larger or NaN, with its place.
  static func chooseLarger(
    _ best: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Int32>, _ x: UnsafePointer<Float>,
    _ place: Int32)
  static func narrow(_ choice: UnsafePointer<Int32>, _ target: UnsafeMutablePointer<UInt16>)
}

extension SIMD16<Float>: MaximumVector {
  @inline(__always)
  static func chooseLarger(
    _ best: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Int32>, _ x: UnsafePointer<Float>,
    _ place: Int32
  ) { bt_choose_larger16(best, choice, x, place) }
  @inline(__always)
  static func narrow(_ choice: UnsafePointer<Int32>, _ target: UnsafeMutablePointer<UInt16>) {
    bt_narrow_int16(choice, target)
  }
}

extension SIMD8<Float>: MaximumVector {
  @inline(__always)
  static func chooseLarger(
    _ best: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Int32>, _ x: UnsafePointer<Float>,
    _ place: Int32
  ) { bt_choose_larger8(best, choice, x, place) }
  @inline(__always)
  static func narrow(_ choice: UnsafePointer<Int32>, _ target: UnsafeMutablePointer<UInt16>) {
    bt_narrow_int8(choice, target)
  }
}

/// CVector's functions take vectors through memory; the optimiser keeps them in registers.
@inline(__always)
private func withLanes<Values, Places>(
  _ values: inout Values, _ places: inout Places,
  _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Int32>) -> Void
) {
  withUnsafeMutableBytes(of: &values) { values in
    withUnsafeMutableBytes(of: &places) { places in
      body(
        values.baseAddress!.assumingMemoryBound(to: Float.self),
        places.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
  }
}
