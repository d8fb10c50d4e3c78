import Diagnostics
import Files
import Tensors

/// An array of unsigned bytes in the idx format of the MNIST files, plain or compressed with gzip.
///
/// Two zero bytes, the type 0x08, the rank 1...4, then big-endian 32-bit sizes with the records first, then the bytes.
/// A plain file is read record by record; a gzip file is decompressed into memory at once. The file must be exactly
/// as long as its sizes say. Every violation is a `Failure(.data)` with the file and the record or byte.
package final class IdxFile: RecordSource {
  package let path: String
  package let shape: [Int]
  /// Bytes, and values, of a record.
  private let recordSize: Int
  private let start: Int
  private let contents: Contents

  private enum Contents: Sendable {
    case file(InputFile)
    case memory(AlignedBuffer<UInt8>)
  }

  package init(path: String) throws {
    let file = try InputFile(path: path)
    self.path = path
    if try GzipReader.isGzip(file) {
      let reader = try GzipReader(file)
      (shape, recordSize) = try Self.header(path) { try reader.read(into: $0) }
      let bytes = shape[0] * recordSize
      // DEFLATE makes data at most 1032 times smaller: no memory for what cannot come.
      guard bytes / 1040 <= file.bytes else {
        throw Failure(
          .data, "the sizes in the header are impossible for a file of this length", at: path,
          expected: "\(bytes.counted("byte")) (\(SampleShape.text(shape)))",
          found: "\(file.bytes.counted("byte")) compressed")
      }
      reader.records = (4 + 4 * shape.count, recordSize)
      try MemoryRoom.require(bytes, for: .data, at: path)
      let buffer = try AlignedBuffer<UInt8>(bytes, for: .data)
      try reader.read(into: UnsafeMutableRawBufferPointer(start: buffer.pointer, count: bytes))
      try reader.expectEnd()
      (contents, start) = (.memory(buffer), 0)
    } else {
      var offset = 0
      (shape, recordSize) = try Self.header(path) {
        try file.read(at: offset, into: $0)
        offset += $0.count
      }
      let bytes = shape[0] * recordSize
      if file.bytes - offset != bytes {
        let short = file.bytes - offset < bytes
        throw Failure(
          .data, short ? "the file ends too early" : "bytes follow the last record",
          at: "\(path), record \(short ? (file.bytes - offset) / max(1, recordSize) : shape[0])",
          expected: "\((offset + bytes).counted("byte")) (\(SampleShape.text(shape)))",
          found: "\(file.bytes.counted("byte"))",
          remedy: "the file is damaged or was cut off: take another copy")
      }
      (contents, start) = (.file(file), offset)
    }
  }

  package func read(_ record: Int, into destination: UnsafeMutablePointer<Float>) throws {
    let source = try bytes(of: record, around: destination)
    // From the first on, no float is written over bytes that are still to be read.
    StoredNumbers.unitRange(source, recordSize, into: destination)
  }

  /// All values: for labels.
  package func values() throws -> [UInt8] {
    let count = shape[0] * recordSize
    switch contents {
    case .memory(let buffer): return Array(UnsafeBufferPointer(start: buffer.pointer, count: count))
    case .file(let file):
      return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        if let base = buffer.baseAddress { try file.read(at: start, into: .init(start: base, count: count)) }
        initialized = count
      }
    }
  }

  /// The record's bytes: in memory, or read into the last quarter of the destination.
  private func bytes(of record: Int, around destination: UnsafeMutablePointer<Float>) throws -> UnsafePointer<UInt8> {
    guard record >= 0, record < shape[0] else {
      throw Failure(.defect, "there is no record \(record)", at: path, expected: "0..<\(shape[0])")
    }
    switch contents {
    case .memory(let buffer): return UnsafePointer(buffer.pointer + record * recordSize)
    case .file(let file):
      let tail = UnsafeMutableRawPointer(destination) + 3 * recordSize
      try file.read(at: start + record * recordSize, into: .init(start: tail, count: recordSize))
      return UnsafePointer(tail.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// The sizes, and the product of all but the first.
  private static func header(
    _ path: String, _ read: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> (shape: [Int], record: Int) {
    var magic = [UInt8](repeating: 0, count: 4)
    try magic.withUnsafeMutableBytes { try read($0) }
    guard magic[0] == 0, magic[1] == 0, magic[2] == 0x08, (1...4).contains(magic[3]) else {
      let digits = magic.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      throw Failure(
        .data, "not an idx file of unsigned bytes", at: "\(path), byte 0",
        expected: "00 00 08 and the rank 01 to 04", found: digits.joined(separator: " "))
    }
    var sizes = [UInt32](repeating: 0, count: Int(magic[3]))
    try sizes.withUnsafeMutableBytes { try read($0) }
    let shape = sizes.map { Int(UInt32(bigEndian: $0)) }
    guard let record = SampleShape.product(Array(shape.dropFirst())), SampleShape.product(shape) != nil else {
      throw Failure(.data, "the sizes in the header are impossible", at: path, found: SampleShape.text(shape))
    }
    return (shape, record)
  }
}

extension DataKind {
  static let idx = DataKind(name: "idx", form: "idx:IMAGES[,LABELS]") { arguments in
    let paths = try arguments.paths(1...2)
    return try ArrayDataset(
      name: arguments.spec, views: [IdxFile(path: paths[0])], labels: paths.count > 1 ? paths[1] : nil)
  }
}
