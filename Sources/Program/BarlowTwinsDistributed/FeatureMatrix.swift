import Files
import Tensors

/// One row of numbers a sample, in the samples' order.
public struct FeatureMatrix: Sendable, Equatable {
  /// Samples.
  public let rows: Int
  /// Features of a sample.
  public let columns: Int
  /// rows × columns, row by row.
  public let values: [Float]
  /// What they were computed from, which `save` must not overwrite.
  private let inputs: [String]

  /// - Parameter inputs: the files of the data set.
  init(_ buffer: AlignedBuffer<Float>, columns: Int, inputs: [String] = []) {
    self.inputs = inputs
    rows = buffer.count / max(1, columns)
    self.columns = columns
    values = Array(buffer.elements)
  }

  /// Whether the numbers are the same, whatever they were computed from.
  public static func == (a: FeatureMatrix, b: FeatureMatrix) -> Bool {
    a.rows == b.rows && a.columns == b.columns && a.values == b.values
  }

  /// The features of a sample.
  public subscript(row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }

  /// Writes the rows as a NumPy array: float32, rows × columns, as `bt-dist embed` does.
  ///
  /// No collective. One rank is enough, and all learn of a failure by `communicator.onRoot { try features.save(to: path) }`.
  ///
  /// - Throws: `Failure` of kind `.cannotWrite`, or `.usage` where the path is that of the data set; a file that was
  ///   there is then as it was.
  public func save(to path: String) throws {
    try InputFiles(inputs).refuse(path)
    let writer = try NpyWriter(path: path, shape: [rows, columns])
    try writer.write(values)
    _ = try writer.finish()
  }
}
