/// A layer whose directions can each be computed by several methods.
protocol TunableLayer: Layer {
  /// Its sizes, besides those of the input: layers with equal texts and inputs take equal time.
  var sizes: String { get }
  /// A layer of the same sizes that is not planned.
  func unplannedCopy() -> any TunableLayer
  /// Set when the layer is planned.
  var passes: LayerPasses! { get }
}
