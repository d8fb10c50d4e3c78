import Diagnostics
import Tensors

/// A safetensors file opened for reading: the header is checked at once, elements are read when asked for.
///
/// The format is 8 bytes N (little-endian), N bytes of JSON, then the elements: row-major, little-endian, without
/// holes (huggingface/safetensors, "Format"). The checks are those of the reference implementation: header at most
/// 100 MB and within the file, names unique, ranges that follow one another from the first byte of data to the last
/// of the file, sizes that match the shape. Every violation is a `Failure(.data)` that names the file and tensor.
/// Safe to use from several threads.
package final class SafetensorsFile: Sendable {
  package struct Entry: Sendable {
    package var name: String
    package var shape: [Int]
    /// As the file has it; `type` is nil when bt-dist does not know it (such tensors can be listed, not read).
    package var dtype: String
    package var type: TensorType? { TensorType(rawValue: dtype) }
    /// The number of elements.
    package var count: Int
    /// In bytes from the start of the file.
    let range: Range<Int>
    /// Bytes that the elements take in the file.
    package var bytes: Int { range.count }
  }

  package static let maximumHeader = 100_000_000

  package var path: String { file.path }
  /// In the order of their data.
  package let entries: [Entry]
  package let metadata: [String: String]
  private let file: InputFile
  private let index: [String: Int]

  package init(path: String) throws {
    file = try InputFile(path: path)
    let header = try SafetensorsHeader(file)
    entries = header.entries
    metadata = header.metadata
    index = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
  }

  /// In the order of their data.
  package var names: [String] { entries.map(\.name) }

  package func contains(_ name: String) -> Bool { index[name] != nil }

  package func entry(_ name: String) throws -> Entry {
    if let position = index[name] { return entries[position] }
    let near = names.filter { $0.hasSuffix(name) || name.hasSuffix($0) }
    throw Failure(
      .data, "there is no tensor '\(name)'", at: path, expected: name,
      found: (near.isEmpty ? names : near).prefix(8).joined(separator: ", ") + (names.count > 8 ? ", ..." : ""))
  }

  package func shape(of name: String) throws -> [Int] { try entry(name).shape }

  /// All elements of a tensor. Types other than F32 are an error unless `converting`.
  package func floats(of name: String, converting: Bool = false) throws -> [Float] {
    let entry = try entry(name)
    try check(entry, converting)
    let size = entry.count
    return try [Float](unsafeUninitializedCapacity: size) { buffer, count in
      guard let base = buffer.baseAddress, size > 0 else { return }
      try read(entry, into: base)
      count = size
    }
  }

  /// Reads a tensor to `destination`, which has room for the expected shape. A different shape is an error, and
  /// nothing is written then. Types other than F32 are an error unless `converting`: F64, F16, BF16, U8 and I64 are
  /// then rounded to the nearest Float.
  package func read(
    _ name: String, into destination: UnsafeMutablePointer<Float>, expectedShape: [Int], converting: Bool = false
  ) throws {
    let entry = try entry(name)
    if entry.shape != expectedShape {
      throw Failure(
        .data, "the tensor '\(name)' has another shape", at: path, expected: "\(expectedShape)",
        found: "\(entry.shape)", remedy: "the file belongs to another network: give the options it was trained with")
    }
    try check(entry, converting)
    try read(entry, into: destination)
  }

  /// The elements as the file has them, for another file: any type, little-endian.
  package func bytes(of name: String) throws -> AlignedBuffer<UInt8> {
    let entry = try entry(name)
    let buffer = try AlignedBuffer<UInt8>(entry.bytes)
    try file.read(
      at: entry.range.lowerBound, into: UnsafeMutableRawBufferPointer(start: buffer.pointer, count: entry.bytes))
    return buffer
  }

  private func check(_ entry: Entry, _ converting: Bool) throws {
    let readable: [TensorType] = converting ? [.f32, .f64, .f16, .bf16, .u8, .i64] : [.f32]
    if let type = entry.type, readable.contains(type) { return }
    throw Failure(
      .data, "the tensor '\(entry.name)' has an element type that cannot be used here", at: path,
      expected: readable.map(\.rawValue).joined(separator: ", "), found: entry.dtype)
  }

  private func read(_ entry: Entry, into destination: UnsafeMutablePointer<Float>) throws {
    guard let type = entry.type else { return }
    if type == .f32 {
      try file.read(
        at: entry.range.lowerBound, into: UnsafeMutableRawBufferPointer(start: destination, count: entry.range.count))
      return
    }
    // In pieces, so that a large tensor is never in memory twice.
    let piece = 1 << 16
    let buffer = try AlignedBuffer<UInt8>(piece, type.size)
    var done = 0
    while done < entry.count {
      let count = min(piece, entry.count - done)
      let raw = UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count * type.size)
      try file.read(at: entry.range.lowerBound + done * type.size, into: raw)
      convert(UnsafeRawPointer(buffer.pointer), type, count, to: destination + done)
      done += count
    }
  }
}

/// Converts `count` elements to the nearest Float.
private func convert(
  _ source: UnsafeRawPointer, _ type: TensorType, _ count: Int, to destination: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    switch type {
    case .f64: destination[i] = Float(source.load(fromByteOffset: i * 8, as: Double.self))
    case .i64: destination[i] = Float(source.load(fromByteOffset: i * 8, as: Int64.self))
    case .u8: destination[i] = Float(source.load(fromByteOffset: i, as: UInt8.self))
    case .f16: destination[i] = Float(source.load(fromByteOffset: i * 2, as: Float16.self))
    case .bf16: destination[i] = Float(bitPattern: UInt32(source.load(fromByteOffset: i * 2, as: UInt16.self)) << 16)
    default: destination[i] = .nan
    }
  }
}
