/// The keys of what bt-dist writes into a model file besides its tensors.
package enum ModelMetadata {
  /// Every option, as `config.json` has them.
  package static let configuration = "bt_dist.configuration"
  /// JSON: `[1, 28, 28]`.
  package static let sampleShape = "bt_dist.sample_shape"
  /// JSON: layer, direction, method, as `kernel-table` has them.
  package static let kernels = "bt_dist.kernels"
  /// The encoder's name: `resnet18`.
  package static let encoder = "bt_dist.encoder"
  /// Numbers of an embedding.
  package static let features = "bt_dist.features"
  /// Optimizer steps done.
  package static let step = "bt_dist.step"
}
