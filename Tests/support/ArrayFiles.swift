import Diagnostics
import Files
import Foundation

/// Numbers that look random and are the same in every run: normal with deviation 1, from SplitMix64 and Box-Muller.
package func normalNumbers(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15
  func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) / 9_007_199_254_740_992
  }
  return (0..<count).map { _ in Float((-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())) }
}

/// Bytes that look random.
package func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  normalNumbers(count, seed: seed).map { UInt8(truncatingIfNeeded: Int($0 * 1000)) }
}

/// Data files of every kind that tests need, right and wrong ones.
extension TemporaryFolder {
  /// Writes a float32 array and returns its path.
  @discardableResult
  package func npy(_ name: String, _ shape: [Int], _ values: [Float]) throws -> String {
    let writer = try NpyWriter(path: file(name), shape: shape)
    try writer.write(values)
    _ = try writer.finish()
    return file(name)
  }

  /// Writes an array whose elements are given as bytes of NumPy's type `descr`, such as `|u1` or `<f8`.
  @discardableResult
  package func npy(_ name: String, _ shape: [Int], descr: String, bytes: [UInt8]) throws -> String {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sizes)), }\n"
    let start = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
    return try write(name, start + Array(header.utf8) + bytes)
  }

  /// Labels: class `i % classes` for sample i.
  @discardableResult
  package func labels(_ name: String, _ count: Int, classes: Int) throws -> String {
    let bytes = (0..<count).flatMap { i in withUnsafeBytes(of: Int64(i % classes).littleEndian, Array.init) }
    return try npy(name, [count], descr: "<i8", bytes: bytes)
  }

  /// Writes an idx file of unsigned bytes.
  @discardableResult
  package func idx(_ name: String, _ shape: [Int], _ bytes: [UInt8]) throws -> String {
    let sizes = shape.flatMap { withUnsafeBytes(of: UInt32($0).bigEndian, Array.init) }
    return try write(name, [0, 0, 8, UInt8(shape.count)] + sizes + bytes)
  }

  @discardableResult
  package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// A folder inside.
  @discardableResult
  package func folder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
    return file(name)
  }

  package func bytes(_ name: String) throws -> [UInt8] { try readBytes(file(name)) }

  /// Compresses a file with `gzip`; returns the path of `name.gz`.
  @discardableResult
  package func gzip(_ name: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "--keep", file(name)]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(.defect, "gzip failed", at: file(name)) }
    return file(name) + ".gz"
  }
}

package func readBytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}
