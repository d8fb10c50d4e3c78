import Files
import Inspecting
import TestSupport

/// Files of tensors, whose header is what the changes are made to; its length follows in most of them.
struct SafetensorsTarget: FuzzTarget {
  private let path: String
  private let header, body: [UInt8]

  init(folder: String) throws {
    path = folder + "/input.safetensors"
    try SmallRunFolder.write(to: folder + "/run")
    let bytes = try readBytes(folder + "/run/" + SmallRunFolder.checkpoint + "/model.safetensors")
    let end = 8 + bytes[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    (header, body) = (Array(bytes[8..<end]), Array(bytes[end...]))
  }

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] {
    let changed = mutator.mutate(header)
    let values = mutator.choose(below: 10) == 0 ? mutator.mutate(body) : body
    var length = UInt64(changed.count)
    switch mutator.choose(below: 10) {
    case 0: length = UInt64(mutator.choose(below: 2 * header.count))
    case 1: length = [0, 1, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max][mutator.choose(below: 7)]
    default: break
    }
    return withUnsafeBytes(of: length.littleEndian, Array.init) + changed + values
  }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.write(input, to: path)
    return input.count % 2 == 0
      ? ["inspect", path, "--statistics"] : try SmallRunFolder.training(into: path + ".run", ["--init", path])
  }

  func read() throws {
    _ = try Inspector(readsValues: true).inspect(path).text
    let file = try SafetensorsFile(path: path)
    for entry in file.entries { _ = try? file.floats(of: entry.name, converting: true) }
    try SmallRunFolder.start(initialParameters: path)
  }
}
