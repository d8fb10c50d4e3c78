import BarlowTwins
import Configuration
import DataParallel
import Diagnostics
import Encoders
import Foundation
import Layers
import MPI
import Tensors
import Training

extension BarlowTwins {
  private static let (configurationKey, shapeKey) = (ModelMetadata.configuration, ModelMetadata.sampleShape)

  /// Writes encoder and projector as a safetensors file under nidl's names, with the configuration in its metadata.
  /// Rank 0 writes. A collective.
  ///
  /// The optimizer is not in it: to go on with a run exactly, give `configuration.out`, whose checkpoints have all.
  public func save(to path: String) throws {
    try communicator.onRoot {
      let (state, shape) = try fitted()
      let file = ModelFile(state)
      try SafetensorsWriter.write(
        file.tensors(updates: updates),
        metadata: ["format": "pt", Self.configurationKey: configuration.json, Self.shapeKey: "\(shape)"], to: path)
    }
  }

  /// The estimator that `save` has written, ready to transform. A collective.
  ///
  /// - Parameter makeEncoder: as it was given to the one that was saved.
  /// - Throws: `AgreedFailure` of kind `.data` for a file that `save` has not written or that is damaged.
  public static func load(
    _ path: String, encoder makeEncoder: EncoderMaker? = nil, _ communicator: Communicator
  ) throws -> BarlowTwins {
    var own = ["", ""]
    try communicator.onRoot {
      let metadata = try SafetensorsFile(path: path).metadata
      guard let configuration = metadata[configurationKey], let shape = metadata[shapeKey] else {
        throw Failure(
          .data, "the file was not written by save", at: path, expected: "metadata \(configurationKey) and \(shapeKey)",
          remedy: "for parameters of PyTorch set configuration.initialParameters to the file, and fit")
      }
      own = [configuration, shape]
    }
    let texts = try own.map(communicator.broadcast)
    let (model, loaded) = try communicator.together {
      let configuration = try TrainingConfiguration(json: texts[0], path: path)
      guard let shape = try? JSONDecoder().decode([Int].self, from: Data(texts[1].utf8)) else {
        throw Failure(.data, "the file has no shape of samples", at: path, found: texts[1])
      }
      let model = BarlowTwins(configuration, encoder: makeEncoder, communicator)
      let encoder = try model.encoder(shape)
      let projector = Projector(
        inputs: encoder.features, hidden: configuration.projHiddenDim, outputs: configuration.projOutputDim)
      return (model, (state: try ParameterSet(Sequential([encoder.layers, projector.layers])), sampleShape: shape))
    }
    try communicator.onRoot { try ModelFile(loaded.state).read(path) }
    for buffer in [loaded.state.parameters.values, loaded.state.statistics.values] {
      try communicator.broadcast(buffer.pointer, count: buffer.count)
    }
    model.loaded = loaded
    return model
  }
}
