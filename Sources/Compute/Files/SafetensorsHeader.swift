import Diagnostics
import JSON
import Tensors

/// The checked header of a safetensors file. Trusts nothing in it; see `SafetensorsFile` for the rules.
struct SafetensorsHeader {
  private(set) var entries: [SafetensorsFile.Entry] = []
  private(set) var metadata: [String: String] = [:]
  private let path: String

  init(_ file: InputFile) throws {
    path = file.path
    let text = try Self.text(of: file)
    let root: JSONValue
    do { root = try JSONValue(text, .strict) } catch {
      let what = error.kind == .syntax ? "is not valid JSON" : "cannot be read"
      throw Failure(
        .data, "the safetensors header \(what): \(error.message)", at: "\(file.path), byte \(8 + error.offset)")
    }
    guard case .object(let members) = root, text.first == UInt8(ascii: "{") else {
      throw Failure(.data, "the safetensors header is not a JSON object", at: path, found: root.summary)
    }
    let data = 8 + text.count
    // In the order of their names, so that of several faults the same one is told each time.
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      if name == "__metadata__" {
        metadata = try readMetadata(value)
      } else {
        entries.append(try entry(name, value, data: data, end: file.bytes))
      }
    }
    try checkRanges(data: data, end: file.bytes)
  }

  private static func text(of file: InputFile) throws -> [UInt8] {
    let path = file.path
    guard file.bytes >= 8 else {
      throw Failure(
        .data, "not a safetensors file", at: path, expected: "8 bytes or more", found: "\(file.bytes.counted("byte"))")
    }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { try file.read(at: 0, into: $0) }
    length = UInt64(littleEndian: length)
    let most = min(SafetensorsFile.maximumHeader, file.bytes - 8)
    guard length <= UInt64(most) else {
      throw Failure(
        .data, "not a safetensors file, or one that was cut off: the header's length is impossible", at: path,
        expected: "at most \(most.counted("byte"))", found: "\(length) bytes")
    }
    let count = Int(length)
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      try file.read(at: 8, into: UnsafeMutableRawBufferPointer(start: base, count: count))
      initialized = count
    }
  }

  private func readMetadata(_ value: JSONValue) throws -> [String: String] {
    guard case .object(let members) = value else { throw problem("__metadata__", "is not an object", found: value) }
    var result: [String: String] = [:]
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      guard case .string(let text) = value else {
        throw problem("__metadata__", "has a value that is not a string at '\(key)'", found: value)
      }
      result[key] = text
    }
    return result
  }

  private func entry(_ name: String, _ value: JSONValue, data: Int, end: Int) throws -> SafetensorsFile.Entry {
    guard case .object(let members) = value else { throw problem(name, "is not described by an object", found: value) }
    func member(_ key: String) throws -> JSONValue {
      guard let value = members[key] else { throw problem(name, "has no member '\(key)'") }
      return value
    }
    guard case .string(let dtype) = try member("dtype") else { throw problem(name, "has a dtype that is not a string") }
    let shape = try integers(name, "shape", try member("shape"))
    let offsets = try integers(name, "data_offsets", try member("data_offsets"))
    guard let count = elementCount(of: shape) else {
      throw problem(name, "has a shape with negative sizes or too many elements", found: try member("shape"))
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= end - data else {
      throw Failure(
        .data, "the tensor '\(name)' lies outside the file", at: path,
        expected: "0 <= begin <= end <= \(end - data)", found: "\(offsets.prefix(3))",
        remedy: "the file is damaged or was cut off: take another copy")
    }
    if let type = TensorType(rawValue: dtype) {
      let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
      if overflow || size != offsets[1] - offsets[0] {
        throw Failure(
          .data, "the tensor '\(name)' has a size that does not match its shape", at: path,
          expected: "\(dtype) \(shape): \(overflow ? "too many" : "\(size)") bytes",
          found: "\((offsets[1] - offsets[0]).counted("byte"))")
      }
    }
    return SafetensorsFile.Entry(
      name: name, shape: shape, dtype: dtype, count: count, range: data + offsets[0]..<data + offsets[1])
  }

  private func integers(_ name: String, _ key: String, _ value: JSONValue) throws -> [Int] {
    guard case .array(let values) = value else { throw problem(name, "has a \(key) that is not a list", found: value) }
    return try values.map {
      guard let number = $0.integer(Int.self) else {
        throw problem(name, "has a \(key) that is not of integers", found: value)
      }
      return number
    }
  }

  /// Sorts the entries by place and checks that they follow one another without overlaps and holes.
  private mutating func checkRanges(data: Int, end: Int) throws {
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var position = data
    for entry in entries {
      if entry.range.lowerBound != position {
        let fault = entry.range.lowerBound < position ? "overlaps another" : "leaves a hole before it"
        throw Failure(
          .data, "the tensor '\(entry.name)' \(fault)", at: path,
          expected: "begin at byte \(position - data) of the data", found: "\(entry.range.lowerBound - data)")
      }
      position = entry.range.upperBound
    }
    if position != end {
      throw Failure(
        .data, "bytes follow the last tensor", at: path, expected: "\(position.counted("byte"))",
        found: "\(end.counted("byte"))")
    }
  }

  private func problem(_ name: String, _ what: String, found: JSONValue? = nil) -> Failure {
    Failure(.data, "'\(name)' in the safetensors header \(what)", at: path, found: found?.summary)
  }
}
