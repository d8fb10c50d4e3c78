extension InputFile {
  /// The bytes of a part of the file.
  package func bytes(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(
        at: range.lowerBound, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count))
      count = range.count
    }
  }

  /// Calls `body` with each line, its line feed included, and the bytes of the file that it takes; the last one may
  /// have no line feed.
  ///
  /// Only the longest line and a MiB are in memory: a file of records may have millions.
  package func forEachLine(_ body: (_ line: ArraySlice<UInt8>, _ place: Range<Int>) throws -> Void) throws {
    var pending: [UInt8] = []
    // Bytes read; those of `pending` in which no line feed was found.
    var (position, searched) = (0, 0)
    while position < bytes {
      let piece = try self.bytes(position..<min(bytes, position + 1 << 20))
      position += piece.count
      pending += piece
      let start = position - pending.count
      var begin = 0
      while let end = pending[max(begin, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
        try body(pending[begin...end], start + begin..<start + end + 1)
        begin = end + 1
        searched = begin
      }
      pending.removeFirst(begin)
      searched = pending.count
    }
    if !pending.isEmpty { try body(pending[...], bytes - pending.count..<bytes) }
  }
}
