import Datasets
import Diagnostics
import Foundation
import TestSupport
import Testing

extension TemporaryFolder {
  /// Writes a file and returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) }

  /// Compresses a file with gzip and returns the path of the result.
  func gzip(_ file: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-k", file]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return file + ".gz"
  }
}

/// Bytes of numbers as they are in memory (little-endian).
func littleEndian<Number>(_ numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

/// An npy file with the given header and payload.
func npy(
  _ descr: String, _ shape: [Int], _ payload: [UInt8], fortran: Bool = false, version: UInt8 = 1
) -> [UInt8] {
  let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
  let text = "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': (\(sizes)), }   \n"
  let length = text.utf8.count
  let digits = [UInt8(length & 0xFF), UInt8(length >> 8)] + (version == 1 ? [] : [0, 0])
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + digits + Array(text.utf8) + payload
}

func npy(_ shape: [Int], _ values: [Float]) -> [UInt8] { npy("<f4", shape, littleEndian(values)) }

/// An idx file of unsigned bytes.
func idx(_ shape: [Int], _ payload: [UInt8], magic: [UInt8] = [0, 0, 8]) -> [UInt8] {
  magic + [UInt8(shape.count)] + shape.flatMap { littleEndian([UInt32($0).bigEndian]) } + payload
}

/// Checks that `body` throws a `Failure` of a kind whose text contains all of `words`.
func expectFailure(
  _ kind: Failure.Kind, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("no error", sourceLocation: sourceLocation)
  } catch let failure as Failure {
    #expect(failure.kind == kind, "\(failure)", sourceLocation: sourceLocation)
    for word in words where !failure.description.contains(word) {
      Issue.record("'\(word)' is not in:\n\(failure)", sourceLocation: sourceLocation)
    }
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
}

/// A view of a sample.
func sampleValues(_ dataset: any Dataset, _ index: Int, view: Int = 0) throws -> [Float] {
  var values = [Float](repeating: -1, count: dataset.sampleSize)
  try values.withUnsafeMutableBufferPointer { try dataset.read(index, view: view, into: $0.baseAddress!) }
  return values
}
