import Diagnostics
import Files
import Tensors

/// The samples of an npy array, read from the file one at a time.
package struct NpyRecords: RecordSource {
  private let file: NpyFile
  private let recordSize: Int

  package var path: String { file.path }
  package var shape: [Int] { file.shape }

  /// Errors: those of `NpyFile`, and `Failure(.data)` for integers other than unsigned bytes.
  package init(path: String) throws {
    file = try NpyFile(path: path)
    guard file.element.isFloatingPoint || file.element == .u1 else {
      throw Failure(
        .data, "samples of this element type have no known scale", at: path, expected: "u1 (0 to 255), f2, f4 or f8",
        found: file.element.rawValue, remedy: "save x.astype(numpy.float32) in the scale that the network is to see")
    }
    // The product of all sizes is within `Int`; next to a 0, that of the others may not be.
    recordSize = SampleShape.product(Array(file.shape.dropFirst())) ?? 0
  }

  package func read(_ record: Int, into destination: UnsafeMutablePointer<Float>) throws {
    guard record >= 0, record < shape[0] else {
      throw Failure(.defect, "there is no record \(record)", at: path, expected: "0..<\(shape[0])")
    }
    try file.readFloats(record * recordSize..<(record + 1) * recordSize, into: destination)
    if file.element == .u1 { StoredNumbers.unitRange(destination, recordSize) }
  }
}

extension DataKind {
  static let npy = DataKind(name: "npy", form: "npy:X.npy[,Y.npy]") { arguments in
    let paths = try arguments.paths(1...2)
    return try ArrayDataset(
      name: arguments.spec, views: [NpyRecords(path: paths[0])], labels: paths.count > 1 ? paths[1] : nil)
  }

  /// Two given views of each sample: nidl's `[X1, X2]` and `([X1, X2], y)`.
  static let pairs = DataKind(name: "pairs", form: "pairs:X1.npy,X2.npy[,Y.npy]") { arguments in
    let paths = try arguments.paths(2...3)
    return try ArrayDataset(
      name: arguments.spec, views: paths.prefix(2).map { try NpyRecords(path: $0) },
      labels: paths.count > 2 ? paths[2] : nil)
  }
}
