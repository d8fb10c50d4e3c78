import Diagnostics
import Tensors

/// Writes a float32 array of a shape known beforehand, in C order and in as many pieces as the caller likes.
///
/// Format version 1.0; the elements begin at a multiple of 64 bytes. The same elements give the same bytes.
package final class NpyWriter {
  package let shape: [Int]
  private let file: OutputFile
  private let count: Int
  private var written = 0

  /// Begins the file at `path`, which appears when it is finished, and writes the header.
  package convenience init(path: String, shape: [Int]) throws {
    try self.init(OutputFile(path: path), shape: shape)
  }

  /// Writes the header to an output at its present position.
  package init(_ file: OutputFile, shape: [Int]) throws {
    guard let count = elementCount(of: shape), !count.multipliedReportingOverflow(by: 4).overflow, shape.count <= 32
    else { throw Failure(.defect, "the array has an impossible shape", at: file.path, found: "\(shape)") }
    self.file = file
    self.shape = shape
    self.count = count
    // A tuple of one has a comma in Python.
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
    let padding = 63 - (10 + text.utf8.count) % 64
    let header = text + String(repeating: " ", count: padding) + "\n"
    let length = header.utf8.count
    let start = NpyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    try start.withUnsafeBytes { try file.write($0) }
    try file.write(header)
  }

  /// Appends elements: any number, so a row or many rows. More than the shape has is a `Failure(.defect)`.
  package func write(_ values: UnsafeBufferPointer<Float>) throws {
    guard values.count <= count - written else { throw wrongCount(written + values.count) }
    try file.write(UnsafeRawBufferPointer(values))
    written += values.count
  }

  package func write(_ values: [Float]) throws { try values.withUnsafeBufferPointer { try write($0) } }

  /// Waits for the disk and closes. Fewer elements than the shape has is a `Failure(.defect)`.
  package func finish() throws -> OutputFile.Summary {
    guard written == count else { throw wrongCount(written) }
    return try file.finish()
  }

  private func wrongCount(_ found: Int) -> Failure {
    Failure(
      .defect, "the number of elements does not match the shape", at: file.path, expected: "\(shape): \(count)",
      found: "\(found)")
  }
}
