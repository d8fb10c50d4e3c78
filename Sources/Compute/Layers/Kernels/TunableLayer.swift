/// A layer whose directions can each be computed by several methods.
protocol TunableLayer: Layer {
  /// Its sizes, beside those of the input: layers with equal text and input take equal time.
  var sizes: String { get }
  /// A layer of the same sizes that is not planned.
  func unplannedCopy() -> any TunableLayer
  /// Computes one direction, from whatever lies in the buffers.
  func run(_ direction: KernelDirection) throws
}
