import Datasets
import Files
import Foundation
import Inspecting
import Tensors
import TestSupport

/// Reads a data set as a training does: headers and sizes, the fingerprint, each sample.
func readData(_ specification: String) throws {
  let dataset = try DataSpec.open(specification)
  _ = try dataset.fingerprint()
  let sample = AlignedBuffer<Float>(dataset.sampleSize)
  for index in 0..<min(dataset.count, 200) { try dataset.read(index, view: 0, into: sample.pointer) }
}

/// Arrays of numbers and their labels.
struct NpyTarget: FuzzTarget {
  private let folder: String
  private let originals: [[UInt8]]

  init(folder: String) throws {
    self.folder = folder
    let numbers = try NpyWriter(path: folder + "/x.npy", shape: [8, 2, 3])
    try numbers.write(normalNumbers(48, seed: 1))
    _ = try numbers.finish()
    let bytes = npyBytes("|u1", "(8, 1, 4, 4)", randomBytes(128, seed: 2))
    let labels = npyBytes("<i8", "(8,)", (0..<8).flatMap { [UInt8($0 % 3), 0, 0, 0, 0, 0, 0, 0] })
    originals = [try readBytes(folder + "/x.npy"), bytes, labels]
    try Fuzz.write(labels, to: folder + "/y.npy")
  }

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] {
    mutator.mutate(originals[mutator.choose(below: originals.count)])
  }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.write(input, to: folder + "/input.npy")
    return input.count % 2 == 0
      ? ["inspect", folder + "/input.npy", "--statistics"]
      : try SmallRunFolder.training(into: folder + "/run", ["--data", "npy:\(folder)/input.npy"])
  }

  func read() throws {
    _ = try Inspector(readsValues: true).inspect(folder + "/input.npy").text
    try readData("npy:\(folder)/x.npy,\(folder)/input.npy")
    try readData("npy:\(folder)/input.npy,\(folder)/y.npy")
  }
}

private func npyBytes(_ type: String, _ shape: String, _ values: [UInt8]) -> [UInt8] {
  let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
  return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + values
}

/// Images in idx files.
struct IdxTarget: FuzzTarget {
  private let folder: String
  private let original: [UInt8]

  init(folder: String) throws {
    self.folder = folder
    original = Self.bytes
    try Fuzz.write([0, 0, 8, 1, 0, 0, 0, 8] + [0, 1, 2, 0, 1, 2, 0, 1], to: folder + "/y.idx")
  }

  static let bytes: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 4] + randomBytes(160, seed: 3)

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] { mutator.mutate(original) }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.write(input, to: folder + "/input.idx")
    return ["inspect", "idx:\(folder)/input.idx,\(folder)/y.idx", "--statistics"]
  }

  func read() throws {
    _ = try Inspector(readsValues: true).inspect("idx:\(folder)/input.idx").text
    try readData("idx:\(folder)/input.idx,\(folder)/y.idx")
  }
}

/// The same, compressed: what is damaged is the compressed file.
struct GzipTarget: FuzzTarget {
  private let folder: String
  private let original: [UInt8]

  init(folder: String) throws {
    self.folder = folder
    try Fuzz.write(IdxTarget.bytes, to: folder + "/x.idx")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "--keep", "--force", folder + "/x.idx"]
    try process.run()
    process.waitUntilExit()
    original = try readBytes(folder + "/x.idx.gz")
  }

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] {
    // Two members, or zeros behind one.
    let tail = [[], original, [UInt8](repeating: 0, count: 512)][mutator.choose(below: 3)]
    return mutator.mutate(original + tail)
  }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.write(input, to: folder + "/input.idx.gz")
    return ["inspect", folder + "/input.idx.gz"]
  }

  func read() throws { try readData("idx:\(folder)/input.idx.gz") }
}
