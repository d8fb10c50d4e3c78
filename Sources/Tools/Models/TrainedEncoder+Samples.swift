import Datasets
import Diagnostics
import Encoders
import Files

extension TrainedEncoder {
  /// The weights that see the samples, of which one is in each encoder of torchvision and nidl.
  private static let firstWeights = [
    "encoder.conv1.weight", "encoder.features.conv0.weight", "encoder.features.0.weight", "encoder.0.weight",
  ]

  /// Channels of the samples that the encoder was trained on; for an MLP their numbers. nil for described layers, where
  /// the weights need not say it.
  func inputs() throws -> Int? {
    guard configuration.encoder != .layers, configuration.encoder != .custom else { return nil }
    let file = try SafetensorsFile(path: checkpoint.modelPath)
    let shape = Self.firstWeights.lazy.compactMap { try? file.shape(of: $0) }.first
    return shape.flatMap { $0.count > 1 ? $0[1] : nil }
  }

  /// Throws `Failure(.data)` for samples with other channels than those that the encoder was trained on.
  func requireInputs(of sampleShape: [Int]) throws {
    guard let trained = try inputs() else { return }
    let isRow = configuration.encoder == .mlp
    guard trained != (isRow ? sampleShape.reduce(1, *) : sampleShape[0]) else { return }
    let isLast = !isRow && sampleShape.count > 2 && sampleShape.last == trained
    throw Failure(
      .data, "the samples are not like those that the encoder was trained on", at: "\(option: "data")",
      expected: isRow ? "\(trained.counted("number")) a sample" : trained.counted("channel"),
      found: "samples of \(SampleShape.text(sampleShape))",
      remedy: isLast
        ? "save numpy.ascontiguousarray(numpy.moveaxis(x, -1, 1)): channels come before the extents"
        : "give samples like those of the run, \(configuration.data)")
  }
}
