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

  init(_ buffer: AlignedBuffer<Float>, columns: Int) {
    rows = buffer.count / max(1, columns)
    self.columns = columns
    values = Array(buffer.elements)
  }

  /// The features of a sample.
  public subscript(row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }

  /// Writes the rows as a NumPy array: float32, rows × columns, as `bt-dist embed` does.
  ///
  /// No collective. One rank is enough, and all learn of a failure by `communicator.onRoot { try features.save(to: path) }`.
  ///
  /// - Throws: `Failure` of kind `.cannotWrite`; a file that was there is then as it was.
  public func save(to path: String) throws {
    let writer = try NpyWriter(path: path, shape: [rows, columns])
    try writer.write(values)
    _ = try writer.finish()
  }
}
