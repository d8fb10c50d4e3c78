import Diagnostics
import Tensors

/// Records of one size, one after another in a file: what idx and npy have in common.
package protocol RecordSource: Sendable {
  var path: String { get }
  /// With the records first.
  var shape: [Int] { get }
  /// Reads a record as floats, unsigned bytes as 0...1. Thread-safe; `record` is in `0..<shape[0]`.
  func read(_ record: Int, into destination: UnsafeMutablePointer<Float>) throws
}

/// A data set of array files: one file a view.
package struct ArrayDataset: Dataset {
  package let name: String
  package let count: Int
  package let sampleShape: [Int]
  package let labels: [Int32]?
  private let sources: [any RecordSource]

  /// Errors: `Failure(.data)` for shapes that hold no samples, that differ between the views, or that do not match
  /// the number of labels.
  package init(name: String, views: [any RecordSource], labels path: String?) throws {
    guard let first = views.first else { throw Failure(.defect, "a data set without files", at: name) }
    sampleShape = try SampleShape.ofArray(first.shape, path: first.path)
    count = first.shape[0]
    for other in views.dropFirst() where other.shape != first.shape {
      throw Failure(
        .data, "the two views of the pairs have different shapes", at: other.path,
        expected: "\(first.shape) as in \(first.path)", found: "\(other.shape)",
        remedy: "row i of both files must be the two views of sample i")
    }
    labels = try path.map { try LabelFile.read($0) }
    if let path, let labels, labels.count != count {
      throw Failure(
        .data, "the number of labels is not that of the samples", at: path,
        expected: "\(count) as in \(first.path)", found: "\(labels.count)")
    }
    sources = views
    self.name = name
  }

  package var viewsPerSample: Int { sources.count }

  package func place(of index: Int, view: Int) -> String { "\(sources[view].path), sample \(index)" }

  package func read(_ index: Int, view: Int, into destination: UnsafeMutablePointer<Float>) throws {
    try check(index, view)
    let source = sources[view]
    try source.read(index, into: destination)
    let size = sampleSize
    if let element = StoredNumbers.firstNotFinite(destination, size) {
      throw Failure(
        .data, "a value is not a finite float32", at: "\(place(of: index, view: view)), element \(element)",
        found: "\(destination[element])", remedy: "remove or mend the sample")
    }
  }
}
