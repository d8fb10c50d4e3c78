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
    if element.size == 8 { return try readWide(range, destination) }
    let raw = UnsafeMutableRawPointer(destination)
    let source = raw + range.count * (4 - element.size)
    try read(range, source)
    switch element {
    case .f4: break
    case .f2: convert(source, Float16.self, range.count, destination) { Float($0) }
    case .u1, .bool: convert(source, UInt8.self, range.count, destination) { Float($0) }
    case .i1: convert(source, Int8.self, range.count, destination) { Float($0) }
    case .u2: convert(source, UInt16.self, range.count, destination) { Float($0) }
    case .i2: convert(source, Int16.self, range.count, destination) { Float($0) }
    case .u4: convert(source, UInt32.self, range.count, destination) { Float($0) }
    case .i4: convert(source, Int32.self, range.count, destination) { Float($0) }
    case .f8, .u8, .i8: break
    }
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
    let bytes = AlignedBuffer<UInt8>(count * element.size)
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
  private func readWide(_ range: Range<Int>, _ destination: UnsafeMutablePointer<Float>) throws {
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
          convertWide(base, 1, target)
        }
      } else {
        try read(from..<from + left / 2, UnsafeMutableRawPointer(target))
        convertWide(UnsafeRawPointer(target), left / 2, target)
      }
      done += max(1, left / 2)
    }
  }

  private func convertWide(_ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Float>) {
    switch element {
    case .f8: convert(source, Double.self, count, destination) { Float($0) }
    case .u8: convert(source, UInt64.self, count, destination) { Float($0) }
    default: convert(source, Int64.self, count, destination) { Float($0) }
    }
  }
}

/// Converts from the first to the last element; the two places may overlap as `readFloats` and `readWide` lay them.
@inline(__always)
private func convert<Element: BitwiseCopyable>(
  _ source: UnsafeRawPointer, _: Element.Type, _ count: Int, _ destination: UnsafeMutablePointer<Float>,
  _ float: (Element) -> Float
) {
  for i in 0..<count {
    destination[i] = float(source.loadUnaligned(fromByteOffset: i * MemoryLayout<Element>.size, as: Element.self))
  }
}
