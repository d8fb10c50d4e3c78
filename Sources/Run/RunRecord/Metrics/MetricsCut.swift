import Diagnostics
import FileSystem
import Files
import Foundation

/// Cuts from a file of metrics what a resumed run will write again.
enum MetricsCut {
  /// Cuts off what comes after the last line of a step from 1 to `step`; a missing file stays missing.
  ///
  /// Lines before that stay as they are. Except for those that are not understood, or belong to a later step, which will
  /// be recorded again: they move to the file `setAside`, and `warn` is told. What a kill has torn, an end without a
  /// line feed, is dropped. If there is anything to change, the rest goes to a temporary file that then takes the old
  /// one's name: a kill in between loses no line.
  static func cut(_ path: String, after step: Int, warn: (String) -> Void) throws {
    guard try Disk.status(of: path) != nil else { return }
    do {
      let file = try InputFile(path: path)
      let survey = try Survey(file, step)
      if survey.isClean { return }
      let rest = try OutputFile(owned: path)
      let aside = survey.setAside > 0 ? try appending(to: setAside(path)) : nil
      try file.forEachLine { line, place in
        switch survey.fate(of: line, at: place) {
        case .stays: try write(line, to: rest)
        case .moves: try aside.map { try write(line, to: $0.file) }
        case .goes: break
        }
      }
      try aside?.file.synchronize()
      _ = try rest.finish()
      if survey.setAside > 0 {
        warn(
          "\(path): \(survey.setAside.counted("line")) moved to \(setAside(path)): not understood, or of a step after "
            + "\(step) among those before it")
      }
    } catch var failure as Failure {
      failure.kind = .cannotWrite
      failure.remedy = failure.remedy ?? "move the file away, or choose another folder with \(option: "out")"
      throw failure
    }
  }

  static func setAside(_ path: String) -> String { path + ".set-aside" }

  private enum Fate { case stays, moves, goes }

  /// What a file holds, found in one pass.
  private struct Survey {
    private let step: Int
    /// Where the last line that stays ends.
    private var end = 0
    private(set) var setAside = 0
    private(set) var isClean = true

    init(_ file: InputFile, _ step: Int) throws {
      self.step = step
      var (later, hasLineFeed) = (0, true)
      try file.forEachLine { line, place in
        if stays(line) {
          (end, setAside, later) = (place.upperBound, setAside + later, 0)
          hasLineFeed = line.last == MetricsCut.newline
        } else if isUnderstood(line) {
          later += 1
        } else if !isTorn(line) {
          setAside += 1
        } else {
          isClean = false
        }
      }
      isClean = isClean && setAside == 0 && end == file.bytes && hasLineFeed
    }

    func fate(of line: ArraySlice<UInt8>, at place: Range<Int>) -> Fate {
      if stays(line) { return .stays }
      if isUnderstood(line) { return place.lowerBound < end ? .moves : .goes }
      return isTorn(line) ? .goes : .moves
    }

    private func stays(_ line: ArraySlice<UInt8>) -> Bool {
      MetricsLine.place(of: line).map { $0.step >= 1 && $0.step <= step } ?? false
    }

    private func isUnderstood(_ line: ArraySlice<UInt8>) -> Bool {
      MetricsLine.place(of: line).map { $0.step > step } ?? false
    }

    /// Without an end, or empty.
    private func isTorn(_ line: ArraySlice<UInt8>) -> Bool { line.last != MetricsCut.newline || line.count == 1 }
  }

  private static let newline = UInt8(ascii: "\n")

  private static func write(_ line: ArraySlice<UInt8>, to file: OutputFile) throws {
    try line.withUnsafeBytes { try file.write($0) }
    if line.last != newline { try file.write("\n") }
  }

  /// - Returns: the handle too, which must outlive the file.
  private static func appending(to path: String) throws -> (file: OutputFile, handle: FileHandle) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("open the file", path: path, errno: errno) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    return (try OutputFile(handle: handle, name: path), handle)
  }
}
