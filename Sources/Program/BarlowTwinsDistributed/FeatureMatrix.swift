import Tensors

/// One row of numbers a sample, in the samples' order.
public struct FeatureMatrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// rows × columns, row by row.
  public let values: [Float]

  init(_ buffer: AlignedBuffer<Float>, columns: Int) {
    rows = buffer.count / max(1, columns)
    self.columns = columns
    values = Array(buffer.elements)
  }

  public subscript(row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }
}
