/// How one direction of a layer's convolution is computed.
public enum ConvolutionMethod: String, Codable, CaseIterable, Sendable { case direct, winograd, matrixProduct, planes }

/// What may be asked of all convolutions of a network; a `KernelTable` asks it of a direction of a layer.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
  /// For each layer and direction what is known or measured to be faster.
  case auto
  /// oneDNN's direct kernels; matrix products where it has none that is made for a layer.
  case direct
  /// Winograd wherever it applies; else direct.
  case winograd
}
