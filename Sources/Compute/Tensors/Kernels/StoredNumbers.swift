/// What readers do to the numbers of a sample, on memory whose bounds they have checked.
package enum StoredNumbers {
  /// How a file holds a number, under NumPy's names; little-endian.
  package enum Element: Sendable { case u1, u2, u4, u8, i1, i2, i4, i8, f2, f8 }

  /// Rounds each number to the nearest Float, from the first to the last: `source` may lie in the end of the
  /// destination, as long as no number is overwritten before it is read.
  package static func convert(
    _ source: UnsafeRawPointer, _ element: Element, _ count: Int, into destination: UnsafeMutablePointer<Float>
  ) {
    switch element {
    case .u1: convert(source, UInt8.self, count, destination) { Float($0) }
    case .u2: convert(source, UInt16.self, count, destination) { Float($0) }
    case .u4: convert(source, UInt32.self, count, destination) { Float($0) }
    case .u8: convert(source, UInt64.self, count, destination) { Float($0) }
    case .i1: convert(source, Int8.self, count, destination) { Float($0) }
    case .i2: convert(source, Int16.self, count, destination) { Float($0) }
    case .i4: convert(source, Int32.self, count, destination) { Float($0) }
    case .i8: convert(source, Int64.self, count, destination) { Float($0) }
    case .f2: convert(source, Float16.self, count, destination) { Float($0) }
    case .f8: convert(source, Double.self, count, destination) { Float($0) }
    }
  }

  @inline(__always)
  private static func convert<Number: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _: Number.Type, _ count: Int, _ destination: UnsafeMutablePointer<Float>,
    _ float: (Number) -> Float
  ) {
    for i in 0..<count {
      destination[i] = float(source.loadUnaligned(fromByteOffset: i * MemoryLayout<Number>.size, as: Number.self))
    }
  }

  /// Bytes 0…255 as 0…1; the bytes may lie in the end of the destination.
  package static func unitRange(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, into destination: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count { destination[i] = Float(bytes[i]) / 255 }
  }

  /// 0…255 as 0…1, in place.
  package static func unitRange(_ values: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in 0..<count { values[i] /= 255 }
  }

  /// The first number that is not finite; nil if all are.
  package static func firstNotFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Int? {
    // All exponent bits set: one pass without branches, which the compiler turns into vector instructions.
    var bad: UInt32 = 0
    for i in 0..<count { bad |= values[i].bitPattern & 0x7F80_0000 == 0x7F80_0000 ? 1 : 0 }
    return bad == 0 ? nil : (0..<count).first { !values[$0].isFinite }
  }
}
