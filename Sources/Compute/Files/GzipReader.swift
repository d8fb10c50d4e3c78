internal import CZlib
import Diagnostics
import Tensors

/// Decompresses a gzip file (RFC 1952, also of several members) from the beginning to the end. Zeros after the last
/// member, with which some programs fill up blocks, are no data, as for gzip itself.
///
/// Errors are `Failure(.data)` with the file, the byte of the decompressed data and, once `records` is known, the
/// record: a file that was cut off, damaged data, a wrong checksum, and bytes that follow. Not for several threads.
package final class GzipReader {
  /// Where records begin and how long they are, for messages.
  package var records: (start: Int, bytes: Int)?
  /// Decompressed bytes handed out.
  private(set) var position = 0

  private let file: InputFile
  private let input: AlignedBuffer<UInt8>
  private var consumed = 0
  // zlib keeps a pointer to it: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  /// The last byte of a member has been handed out.
  private var ended = false
  /// Zeros have followed it: no other member may.
  private var isPadded = false

  package init(_ file: InputFile) throws {
    self.file = file
    input = try AlignedBuffer(1 << 17)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 16: gzip only, with its checksum.
    let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    if status != Z_OK { throw Failure(.defect, "zlib's inflateInit2 failed (\(status))", at: file.path) }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// True for a file that begins as gzip's do.
  package static func isGzip(_ file: InputFile) throws -> Bool {
    guard file.bytes >= 2 else { return false }
    var start: (UInt8, UInt8) = (0, 0)
    try withUnsafeMutableBytes(of: &start) { try file.read(at: 0, into: $0) }
    return start == (0x1F, 0x8B)
  }

  /// Fills the buffer with the next bytes.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws {
    let got = try inflate(buffer)
    if got < buffer.count {
      throw problem(
        "the data ends too early", expected: "\(buffer.count - got) more bytes", found: "the end of the file",
        remedy: Self.sizesDiffer)
    }
  }

  /// Throws unless the data and the file end here; so the checksum is checked too.
  package func expectEnd() throws {
    var extra: UInt8 = 0
    let got = try withUnsafeMutableBytes(of: &extra) { try inflate($0) }
    if got > 0 {
      throw problem("bytes follow the last record", expected: "the end of the data", remedy: Self.sizesDiffer)
    }
  }

  /// Decompresses until the buffer is full or the data ends, and returns the number of bytes.
  private func inflate(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      if stream.pointee.avail_in == 0 { try refill() }
      if ended {
        try skipPadding()
        if stream.pointee.avail_in == 0 { break }
        try nextMember()
      }
      let room = min(buffer.count - done, 1 << 30)
      stream.pointee.next_out = (base + done).assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room)
      let hadInput = stream.pointee.avail_in > 0
      let status = CZlib.inflate(stream, Z_NO_FLUSH)
      let got = room - Int(stream.pointee.avail_out)
      done += got
      position += got
      switch status {
      case Z_STREAM_END: ended = true
      case Z_OK where got > 0 || hadInput: break
      case Z_OK, Z_BUF_ERROR:
        throw problem("the gzip file was cut off", found: "\(file.bytes.counted("byte")) compressed")
      case Z_MEM_ERROR: throw Failure(.defect, "zlib has no memory", at: file.path)
      default: throw problem("the gzip data is damaged", found: stream.pointee.msg.map { String(cString: $0) })
      }
    }
    return done
  }

  private func refill() throws {
    let count = min(input.count, file.bytes - consumed)
    try file.read(at: consumed, into: UnsafeMutableRawBufferPointer(start: input.pointer, count: count))
    consumed += count
    stream.pointee.next_in = input.pointer
    stream.pointee.avail_in = UInt32(count)
  }

  /// Passes zeros after a member, up to another byte or the end of the file.
  private func skipPadding() throws {
    while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
      isPadded = true
      stream.pointee.next_in += 1
      stream.pointee.avail_in -= 1
      if stream.pointee.avail_in == 0 { try refill() }
    }
  }

  /// Another gzip member may follow; anything else is not data.
  private func nextMember() throws {
    if isPadded || stream.pointee.next_in.pointee != 0x1F { throw problem("bytes that are not gzip follow the data") }
    inflateReset(stream)
    ended = false
  }

  /// What `gzip -t` does not find.
  private static let sizesDiffer =
    "the data are not what their header says, whatever gzip -t finds: make the file again from its source"

  private func problem(
    _ message: String, expected: String? = nil, found: String? = nil,
    remedy: String = "take another copy of the file, and test it with gzip -t"
  ) -> Failure {
    var place = "\(file.path), byte \(position) of the decompressed data"
    if let records, records.bytes > 0, position >= records.start {
      place += ", record \((position - records.start) / records.bytes)"
    }
    return Failure(
      .data, message, at: place, expected: expected, found: found, remedy: remedy)
  }
}
