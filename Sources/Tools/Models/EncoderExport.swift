import Configuration
import Datasets
import Diagnostics
import Encoders
import FileSystem
import Files
import ModelFiles
import Tensors

/// A checkpoint's tensors as a file that PyTorch's `load_state_dict(strict=True)` takes.
///
/// They are copied as stored, even those that only PyTorch needs (`num_batches_tracked`), so this works
/// for every encoder. The encoder alone loses the prefix `encoder.`, which gives the names of torchvision's and nidl's
/// classes; with the projector, names are those of nidl's `BarlowTwins`.
package struct EncoderExport {
  /// What was written.
  package struct Summary: Sendable {
    package var counts: TensorCounts
    package var bytes: Int
    /// Whether standard output got them, which then is for nothing else.
    package var isPrinted: Bool
  }

  private static let (encoderPrefix, projectorPrefix) = ("encoder.", "projection_head.")

  private let source: TrainedEncoder
  private let isFull: Bool

  /// - Parameter isFull: keeps the projector, and all names as they are.
  package init(_ source: TrainedEncoder, isFull: Bool = false) { (self.source, self.isFull) = (source, isFull) }

  /// Writes the file as a whole or not at all: what is at `path` is replaced only when everything is on the disk.
  ///
  /// - Parameter overwrites: whether an existing file may be replaced; otherwise it is a usage failure.
  @discardableResult
  package func write(to path: String, overwrites: Bool = false) throws -> Summary {
    try InputFiles(source.files).refuse(path)
    guard try overwrites || Disk.status(of: path)?.kind != .file else {
      throw Failure(
        .usage, "the file exists already", at: path,
        remedy: "choose another \(option: "out"), or replace it with \(option: "overwrite")")
    }
    // That it cannot be written should be known before the work.
    let output = try OutputFile(path: path)
    let file = try SafetensorsFile(path: source.checkpoint.modelPath)
    var (tensors, buffers): ([NamedTensor], [AlignedBuffer<UInt8>]) = ([], [])
    for entry in file.entries {
      guard let name = exportedName(entry.name), let type = entry.type else { continue }
      let bytes = try file.bytes(of: entry.name)
      if type == .f32 {
        try bytes.pointer.withMemoryRebound(to: Float.self, capacity: entry.count) {
          try TensorValues.check(UnsafeBufferPointer(start: $0, count: entry.count), of: name, file.path)
        }
      }
      buffers.append(bytes)
      tensors.append(NamedTensor(name: name, shape: entry.shape, dtype: type, bytes: bytes.pointer))
    }
    guard !tensors.isEmpty else {
      throw Failure(.data, "the checkpoint holds no tensor of an encoder", at: source.checkpoint.modelPath)
    }
    for (name, shape, type, bytes) in try peerTensors(file) {
      buffers.append(bytes)
      tensors.append(NamedTensor(name: name, shape: shape, dtype: type, bytes: bytes.pointer))
    }
    let metadata = try metadata(file)
    let isPrinted = output.isStandardOutput
    let size = try withExtendedLifetime(buffers) {
      try SafetensorsWriter.write(tensors, metadata: metadata, to: output).bytes
    }
    var counts = TensorCounts()
    for tensor in tensors { counts.add(tensor.name, numbers: tensor.shape.reduce(1, *)) }
    return Summary(counts: counts, bytes: size, isPrinted: isPrinted)
  }

  /// How the file at `path` is loaded in Python.
  package func loader(of path: String) throws -> PythonLoader {
    let file = try SafetensorsFile(path: source.checkpoint.modelPath)
    return PythonLoader(
      source.configuration, file: path, inputs: try source.inputs() ?? 0,
      features: try file.shape(of: Self.projectorPrefix + "layers.0.weight").last ?? 0, isFull: isFull)
  }

  /// What nidl's truncated classes hold beyond the encoder: second names of the same tensors, and the stages beyond the
  /// depth, as they start.
  private func peerTensors(
    _ file: SafetensorsFile
  ) throws -> [(name: String, shape: [Int], type: TensorType, bytes: AlignedBuffer<UInt8>)] {
    guard source.configuration.encoder.hasPeerState else { return [] }
    // The shapes of what is not in the file depend on no extent of the data.
    let channels = try file.shape(of: Self.encoderPrefix + "conv1.weight")[1]
    let encoder = try ConfiguredNetwork(source.configuration, sampleShape: [channels, 1, 1, 1]).encoder()
    let own = Set(file.names.compactMap(exportedName))
    return try encoder.stateDict.compactMap { entry in
      let name = isFull ? Self.encoderPrefix + entry.name : entry.name
      if own.contains(name) { return nil }
      switch entry.source {
      case .tensor(let source):
        return (name, entry.shape, try file.entry(source).type ?? .f32, try file.bytes(of: source))
      case .unusedCount: return (name, [], .i64, try AlignedBuffer(8))
      case .unused(let spec):
        let count = spec.shape.reduce(1, saturatingProduct)
        let bytes = try AlignedBuffer<UInt8>(4, count)
        bytes.pointer.withMemoryRebound(to: Float.self, capacity: count) {
          spec.fill(UnsafeMutableBufferPointer(start: $0, count: count), seed: self.source.configuration.randomState)
        }
        return (name, spec.shape, .f32, bytes)
      }
    }
  }

  /// nil for a tensor that is left out.
  private func exportedName(_ name: String) -> String? {
    if isFull { return name }
    if name.hasPrefix(Self.projectorPrefix) { return nil }
    return name.hasPrefix(Self.encoderPrefix) ? String(name.dropFirst(Self.encoderPrefix.count)) : name
  }

  /// `format` is what Python's readers ask for; the rest says where the tensors come from.
  private func metadata(_ file: SafetensorsFile) throws -> [String: String] {
    var metadata = [
      "format": "pt", ModelMetadata.configuration: source.configuration.json,
      ModelMetadata.encoder: source.configuration.encoder.rawValue, ModelMetadata.step: "\(source.checkpoint.step)",
    ]
    // The projector's first weight is hidden × features.
    if let shape = try? file.shape(of: Self.projectorPrefix + "layers.0.weight"), shape.count == 2 {
      metadata[ModelMetadata.features] = "\(shape[1])"
    }
    // The data may be elsewhere by now; the tensors do not need them.
    if let data = try? DataSpec.open(source.configuration.data) {
      metadata[ModelMetadata.sampleShape] = "\(data.sampleShape)"
    }
    return metadata
  }
}
