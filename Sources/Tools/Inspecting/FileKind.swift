import Files

/// What a file is by its first bytes.
enum FileKind {
  case safetensors, npy
  /// Plain, or compressed by gzip, which may hold anything.
  case idx
  /// Something that bt-dist does not read, in words, and what to do with it.
  case other(String, remedy: String?)

  init(_ file: InputFile) throws {
    let head = try Self.head(of: file)
    func begins(_ bytes: [UInt8]) -> Bool { head.starts(with: bytes) }
    if head.isEmpty {
      self = .other("an empty file", remedy: nil)
    } else if try NpyFile.isNpy(file) {
      self = .npy
    } else if begins([0, 0, 8]) || begins([0x1F, 0x8B]) {
      self = .idx
    } else if begins(Array("PK\u{3}\u{4}".utf8)) {
      self = .other(
        "a zip archive, as torch.save and numpy.savez write",
        remedy: "in Python: safetensors.torch.save_file(state_dict, FILE)")
    } else if begins([0x80]), head.count > 1, (2...5).contains(head[1]), !Self.isSafetensors(head) {
      self = .other("a Python pickle", remedy: "in Python: safetensors.torch.save_file(state_dict, FILE)")
    } else if Self.isSafetensors(head) || file.path.hasSuffix(".safetensors") {
      self = .safetensors
    } else if begins([0x89] + Array("PNG".utf8)) || begins([0xFF, 0xD8, 0xFF]) {
      self = .other("an image", remedy: nil)
    } else if head.allSatisfy({ $0 >= 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) {
      self = .other(
        "a text file", remedy: "for config.json, metrics.jsonl and the like, give the folder that they are in")
    } else {
      let digits = head.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      self = .other("a file that begins with the bytes \(digits.joined(separator: " "))", remedy: nil)
    }
  }

  private static func head(of file: InputFile) throws -> [UInt8] {
    let count = min(64, file.bytes)
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try file.read(at: 0, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
      initialized = count
    }
  }

  /// A length of at most 100 MB, and an object after it.
  private static func isSafetensors(_ head: [UInt8]) -> Bool {
    guard head.count > 8, head[8] == UInt8(ascii: "{") else { return false }
    let length = head[..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return length >= 2 && length <= UInt64(SafetensorsFile.maximumHeader)
  }
}
