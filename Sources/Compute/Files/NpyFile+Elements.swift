import Diagnostics
import Tensors

/// Reading elements: as floats into memory of the caller, or as integers.
extension NpyFile {
  /// Reads the elements of a range, in C order, to `destination`, which has room for that many floats.
  ///
  /// Every type is rounded to the nearest Float; unsigned bytes stay 0...255. Needs no other memory: narrow elements
  /// are read into the end of the destination, wide ones piece by piece. A range outside the array is a
  /// `Failure(.defect)`.
  package func readFloats(_ range: Range<Int>, into destination: UnsafeMutablePointer<Float>) throws {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw Failure(.defect, "elements outside the array", at: path, expected: "0..<\(count)", found: "\(range)")
    }
    if element.size == 8, let wide = element.stored { return try readWide(range, wide, destination) }
    let raw = UnsafeMutableRawPointer(destination)
    let source = raw + range.count * (4 - element.size)
    try read(range, source)
    guard let stored = element.stored else { return }
    StoredNumbers.convert(source, stored, range.count, into: destination)
  }

  /// All elements as floats.
  package func floats() throws -> [Float] {
    try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { try readFloats(0..<count, into: base) }
      initialized = count
    }
  }

  /// All elements of an array of integers or truth values. Floats, and values beyond `Int`, are a `Failure(.data)`.
  package func integers() throws -> [Int] {
    if element.isFloatingPoint {
      throw Failure(
        .data, "the elements are not integers", at: path, expected: "u1, u2, u4, u8, i1, i2, i4, i8 or b1",
        found: element.rawValue, remedy: "save x.astype(numpy.int32)")
    }
    let bytes = try AlignedBuffer<UInt8>(count, element.size)
    try read(0..<count, UnsafeMutableRawPointer(bytes.pointer))
    let raw = UnsafeRawPointer(bytes.pointer)
    return try (0..<count).map { i in
      switch element {
      case .u1, .bool: return Int(raw.load(fromByteOffset: i, as: UInt8.self))
      case .i1: return Int(raw.load(fromByteOffset: i, as: Int8.self))
      case .u2: return Int(raw.load(fromByteOffset: i * 2, as: UInt16.self))
      case .i2: return Int(raw.load(fromByteOffset: i * 2, as: Int16.self))
      case .u4: return Int(raw.load(fromByteOffset: i * 4, as: UInt32.self))
      case .i4: return Int(raw.load(fromByteOffset: i * 4, as: Int32.self))
      default:
        let bits = raw.load(fromByteOffset: i * 8, as: Int64.self)
        if element == .u8, bits < 0 {
          throw Failure(
            .data, "an integer is too large", at: "\(path), element \(i)", expected: "at most \(Int.max)",
            found: "\(UInt64(bitPattern: bits))")
        }
        return Int(bits)
      }
    }
  }

  private func read(_ range: Range<Int>, _ destination: UnsafeMutableRawPointer) throws {
    try file.read(
      at: start + range.lowerBound * element.size,
      into: UnsafeMutableRawBufferPointer(start: destination, count: range.count * element.size))
  }

  /// Elements of 8 bytes: half of what is left fits into the destination at a time.
  private func readWide(
    _ range: Range<Int>, _ wide: StoredNumbers.Element, _ destination: UnsafeMutablePointer<Float>
  ) throws {
    var done = 0
    while done < range.count {
      let left = range.count - done
      let from = range.lowerBound + done
      let target = destination + done
      if left == 1 {
        var last = 0.0
        try withUnsafeMutableBytes(of: &last) { bytes in
          guard let base = bytes.baseAddress else { return }
          try read(from..<from + 1, base)
          StoredNumbers.convert(base, wide, 1, into: target)
        }
      } else {
        try read(from..<from + left / 2, UnsafeMutableRawPointer(target))
        StoredNumbers.convert(target, wide, left / 2, into: target)
      }
      done += max(1, left / 2)
    }
  }
}

extension NpyFile.Element {
  /// nil for floats, which are as they should be.
  fileprivate var stored: StoredNumbers.Element? {
    switch self {
    case .f4: nil
    case .u1, .bool: .u1
    case .u2: .u2
    case .u4: .u4
    case .u8: .u8
    case .i1: .i1
    case .i2: .i2
    case .i4: .i4
    case .i8: .i8
    case .f2: .f2
    case .f8: .f8
    }
  }
}
