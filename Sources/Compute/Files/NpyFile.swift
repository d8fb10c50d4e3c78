import Diagnostics
import Tensors

/// A NumPy array file opened for reading: the header is checked at once, elements are read when asked for.
///
/// Versions 1 to 3 of the format (numpy.lib.format), little-endian elements in C order. The file must be exactly as
/// long as its header says. Every violation, Fortran order and every other element type is a `Failure(.data)` that
/// names the file and says how to save the array again. Safe to use from several threads.
package final class NpyFile: Sendable {
  /// The element types that can be read, under NumPy's names without the byte order.
  package enum Element: String, Sendable, CaseIterable {
    case u1, u2, u4, u8, i1, i2, i4, i8, f2, f4, f8
    case bool = "b1"

    /// Bytes an element.
    package var size: Int {
      switch self {
      case .u1, .i1, .bool: 1
      case .u2, .i2, .f2: 2
      case .u4, .i4, .f4: 4
      case .u8, .i8, .f8: 8
      }
    }

    package var isFloatingPoint: Bool { self == .f2 || self == .f4 || self == .f8 }
  }

  package let shape: [Int]
  package let element: Element
  /// The number of elements; the shape `[]` has one.
  package let count: Int
  let file: InputFile
  /// Where the elements begin, in bytes.
  let start: Int

  package var path: String { file.path }

  package init(path: String) throws {
    file = try InputFile(path: path)
    let header = try NpyHeader(file)
    shape = header.shape
    element = header.element
    start = header.end
    let elements = elementCount(of: header.shape)
    let size = elements?.multipliedReportingOverflow(by: header.element.size)
    guard let elements, let size, !size.overflow else {
      throw Failure(.data, "the array has an impossible shape", at: path, found: "\(header.shape)")
    }
    count = elements
    if size.partialValue != file.bytes - start {
      throw Failure(
        .data, file.bytes - start < size.partialValue ? "the file ends too early" : "bytes follow the last element",
        at: path, expected: "\(header.element.rawValue) \(header.shape): \(size.partialValue) bytes after the header",
        found: "\((file.bytes - start).counted("byte"))", remedy: "the file is damaged or was cut off: save it again")
    }
  }

  /// True for a file that begins as NumPy's do.
  package static func isNpy(_ file: InputFile) throws -> Bool {
    guard file.bytes >= NpyHeader.magic.count else { return false }
    return try NpyHeader.bytes(file, 0, NpyHeader.magic.count) == NpyHeader.magic
  }
}
