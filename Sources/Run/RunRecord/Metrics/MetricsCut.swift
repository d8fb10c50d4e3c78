import Diagnostics
import Files
import Foundation

/// Cuts from a file of metrics what a resumed run will write again.
enum MetricsCut {
  /// Keeps the whole lines with steps from 1 to `step`, each step and validation once and in order; a missing file stays
  /// missing.
  ///
  /// If there is anything to cut, the rest goes to a temporary file that then takes the old one's name: a kill in
  /// between loses no line. Unreadable lines are dropped wherever they are: a log must not stop a resume.
  static func cut(_ path: String, after step: Int) throws {
    if access(path, F_OK) != 0 && errno == ENOENT { return }
    let bytes = try read(path)
    var kept: [UInt8] = []
    var last = MetricsLine.Place.start
    for line in MetricsLine.split(bytes) {
      guard let found = MetricsLine.place(of: line), found > last, found.step <= step else { continue }
      last = found
      kept += line
      if line.last != newline { kept.append(newline) }
    }
    if kept != bytes {
      try OutputFile.replace(path, with: String(decoding: kept, as: UTF8.self))
    }
  }

  private static let newline = UInt8(ascii: "\n")

  private static func read(_ path: String) throws -> [UInt8] {
    do {
      let file = try InputFile(path: path)
      return try [UInt8](unsafeUninitializedCapacity: file.bytes) { buffer, count in
        try file.read(at: 0, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: file.bytes))
        count = file.bytes
      }
    } catch var failure as Failure {
      failure.kind = .cannotWrite
      failure.remedy = failure.remedy ?? "move the file away, or choose another folder with \(option: "out")"
      throw failure
    }
  }
}
