import Diagnostics
import Foundation
import Tensors

/// Writes safetensors files from tensors where they stand in memory: nothing is copied, whatever the size.
///
/// The header is padded with spaces so that the data begins at a multiple of 64 bytes; the tensors follow one another
/// without holes, as the format wants. The same tensors and metadata give the same bytes.
package enum SafetensorsWriter {
  package enum Order: Sendable { case sorted, given }

  /// Creates or replaces the file at `path`, whole or not at all, and waits for the disk.
  @discardableResult
  package static func write(
    _ tensors: [NamedTensor], metadata: [String: String] = [:], order: Order = .sorted, to path: String
  ) throws -> OutputFile.Summary {
    try write(tensors, metadata: metadata, order: order, to: OutputFile(path: path))
  }

  /// Writes and finishes a file. Errors: `Failure(.cannotWrite)` from the system, `Failure(.defect)` for duplicate names
  /// and impossible shapes.
  @discardableResult
  package static func write(
    _ tensors: [NamedTensor], metadata: [String: String] = [:], order: Order = .sorted, to file: OutputFile
  ) throws -> OutputFile.Summary {
    // By UTF-8 bytes: String's own order is that of canonical equivalence.
    let tensors = order == .given ? tensors : tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let (text, sizes) = try header(tensors, metadata, file.path)
    var length = UInt64(text.utf8.count).littleEndian
    try withUnsafeBytes(of: &length) { try file.write($0) }
    try file.write(text)
    for (tensor, size) in zip(tensors, sizes) {
      try file.write(UnsafeRawBufferPointer(start: tensor.address, count: size))
    }
    return try file.finish()
  }

  /// The padded header and the bytes of each tensor.
  private static func header(
    _ tensors: [NamedTensor], _ metadata: [String: String], _ path: String
  ) throws -> (text: String, sizes: [Int]) {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key.quotedJSON):\($0.value.quotedJSON)" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var seen: Set<String> = ["__metadata__"]
    var sizes: [Int] = []
    var offset = 0
    for tensor in tensors {
      guard seen.insert(tensor.name).inserted else {
        throw Failure(.defect, "two tensors are named '\(tensor.name)'", at: path)
      }
      let bytes = elementCount(of: tensor.shape)?.multipliedReportingOverflow(by: tensor.dtype.size)
      guard let bytes, !bytes.overflow else {
        throw Failure(
          .defect, "the tensor '\(tensor.name)' has an impossible shape", at: path, found: "\(tensor.shape)")
      }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + bytes.partialValue
      members.append(
        #"\#(tensor.name.quotedJSON):{"dtype":"\#(tensor.dtype.rawValue)","shape":[\#(shape)],"#
          + #""data_offsets":[\#(offset),\#(end)]}"#
      )
      sizes.append(bytes.partialValue)
      offset = end
    }
    let text = "{" + members.joined(separator: ",") + "}"
    let padding = (64 - (8 + text.utf8.count) % 64) % 64
    return (text + String(repeating: " ", count: padding), sizes)
  }
}
