import Files

/// The end of a file of metrics.
package struct MetricsEnd {
  /// The last step that is recorded there; 0 without one.
  package private(set) var lastStep = 0

  /// Far more than a line has.
  private static let bytes = 1 << 16

  /// Reads the end; a file that is missing or cannot be read has none.
  package init(path: String) {
    guard let file = try? InputFile(path: path) else { return }
    let count = min(Self.bytes, file.bytes)
    let read = try? [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
      try file.read(at: file.bytes - count, into: target)
      initialized = count
    }
    for line in MetricsLine.split(read ?? []) {
      if let place = MetricsLine.place(of: line) { lastStep = max(lastStep, place.step) }
    }
  }
}
