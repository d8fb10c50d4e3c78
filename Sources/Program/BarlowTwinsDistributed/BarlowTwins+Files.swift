import Configuration
import DataParallel
import Datasets
import Diagnostics
import Files
import Foundation
import Layers
import MPI
import ModelFiles
import Training
import TwinNetwork

extension BarlowTwins {
  /// Writes encoder and projector as a safetensors file under nidl's names, with the configuration in its metadata.
  /// Rank 0 writes. A collective.
  ///
  /// The optimizer is not in it: to resume a run exactly, give `configuration.out`, whose checkpoints have all.
  public func save(to path: String) throws {
    try communicator.onRoot {
      let fitted = try fitted()
      try InputFiles([configuration.data, configuration.valData].compactMap { $0 }.flatMap(DataSpec.files)).refuse(path)
      let file = try ModelFile(fitted.state)
      let metadata = [
        "format": "pt", ModelMetadata.configuration: configuration.json,
        ModelMetadata.sampleShape: "\(fitted.sampleShape)", ModelMetadata.kernels: fitted.kernels.json,
      ]
      try SafetensorsWriter.write(file.tensors(updates: updates), metadata: metadata, to: path)
    }
  }

  /// The estimator that `save` has written, ready to transform. A collective.
  ///
  /// - Parameter makeEncoder: as it was given to the one that was saved.
  /// - Throws: `AgreedFailure` of kind `.data` for a file that `save` has not written or that is damaged.
  public static func load(
    _ path: String, encoder makeEncoder: EncoderMaker? = nil, _ communicator: Communicator
  ) throws -> BarlowTwins {
    var own = ["", "", ""]
    try communicator.onRoot {
      let metadata = try SafetensorsFile(path: path).metadata
      guard let configuration = metadata[ModelMetadata.configuration], let shape = metadata[ModelMetadata.sampleShape]
      else {
        throw Failure(
          .data, "the file was not written by save", at: path,
          expected: "metadata \(ModelMetadata.configuration) and \(ModelMetadata.sampleShape)",
          remedy: "for parameters of PyTorch set configuration.initialParameters to the file, and fit")
      }
      // Files of older versions have no table of kernels.
      own = [configuration, shape, metadata[ModelMetadata.kernels] ?? "{}"]
    }
    let texts = try own.map(communicator.broadcast)
    let (model, loaded) = try communicator.together {
      let configuration = try TrainingConfiguration(json: texts[0], path: path)
      guard let shape = try? JSONText.decode([Int].self, from: texts[1]) else {
        throw Failure(.data, "the file has no shape of samples", at: path, found: texts[1])
      }
      let model = BarlowTwins(configuration, encoder: makeEncoder, communicator)
      guard let kernels = try? KernelTable(json: texts[2]) else {
        throw Failure(.data, "the file has no table of kernels that can be read", at: path, found: texts[2])
      }
      let state = try model.network(shape).parameters()
      return (model, FittedNetwork(state: state, sampleShape: shape, kernels: kernels))
    }
    try communicator.onRoot { try ModelFile(loaded.state).read(path) }
    for buffer in [loaded.state.parameters.values, loaded.state.statistics.values] {
      try communicator.broadcast(buffer.pointer, count: buffer.count)
    }
    model.loaded = loaded
    return model
  }
}
