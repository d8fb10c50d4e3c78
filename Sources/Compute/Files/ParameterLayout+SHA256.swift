import Tensors

extension ParameterLayout {
  /// SHA-256 of the names, shapes and offsets: equal exactly when an arena's floats mean the same.
  package func hash() throws -> String {
    try SHA256.hex(of: entries.map { "\($0.name)\0\($0.shape)\0\($0.offset)\n" }.joined())
  }
}
