/// How one direction of a layer's convolution is computed.
public enum ConvolutionMethod: String, Codable, CaseIterable, Sendable { case direct, winograd, matrixProduct, planes }
