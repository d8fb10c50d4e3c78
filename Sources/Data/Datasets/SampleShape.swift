import Diagnostics

/// Rules for the shape of a sample, the same for all readers.
package enum SampleShape {
  /// Most floats a sample may have: 1 GiB.
  static let largest = 1 << 28

  /// The sample's shape in an array with the samples first: N×F, N×H×W (one channel), N×C×H×W or N×C×D×H×W.
  ///
  /// Errors: `Failure(.data)` that names `path` for other ranks, sizes of 0, and samples of more than `largest` floats.
  static func ofArray(_ shape: [Int], path: String) throws -> [Int] {
    guard (2...5).contains(shape.count) else {
      throw Failure(
        .data, "an array of \(shape.count.counted("dimension")) holds no samples", at: path,
        expected: "N×F, N×H×W, N×C×H×W or N×C×D×H×W", found: "\(shape)",
        remedy: shape.count == 1 ? "labels are given second: npy:X.npy,Y.npy" : nil)
    }
    if shape.contains(where: { $0 < 1 }) {
      throw Failure(.data, "the array is empty", at: path, expected: "sizes of at least 1", found: "\(shape)")
    }
    let sample = Array(shape.dropFirst())
    guard let size = product(sample), size <= largest else {
      throw Failure(
        .data, "the samples are too large", at: path, expected: "at most \(largest) values", found: "\(shape)")
    }
    return sample.count == 2 ? [1] + sample : sample
  }

  /// The product of sizes of at least 0, or nil beyond `Int`.
  package static func product(_ sizes: [Int]) -> Int? {
    var result = 1
    for size in sizes {
      let (product, overflow) = result.multipliedReportingOverflow(by: size)
      if overflow || size < 0 { return nil }
      result = product
    }
    return result
  }

  package static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
}
