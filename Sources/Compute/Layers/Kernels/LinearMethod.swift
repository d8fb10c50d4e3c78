/// How one direction of a linear layer is computed.
public enum LinearMethod: String, Codable, CaseIterable, Sendable {
  /// oneDNN's inner product, with the weight in the layout that it likes best: a copy of the weight at every step.
  case innerProduct
  /// oneDNN's inner product on the weight as it lies in the arena.
  case plainInnerProduct
  /// A matrix product on the weight as it lies in the arena, through `MatrixProduct`.
  case matrixProduct
}
