import Diagnostics
import Files

/// Labels of samples: a one-dimensional npy array of integers, or an idx file of rank 1.
enum LabelFile {
  /// Errors: `Failure(.data)` for other ranks and types, and values beyond 32 bits.
  static func read(_ path: String) throws -> [Int32] {
    guard try NpyFile.isNpy(InputFile(path: path)) else {
      let file = try IdxFile(path: path)
      try checkRank(file.shape, path)
      return try file.values().map(Int32.init)
    }
    let file = try NpyFile(path: path)
    try checkRank(file.shape, path)
    return try file.integers().enumerated().map { record, value in
      guard let label = Int32(exactly: value) else {
        throw Failure(
          .data, "a label is too large", at: "\(path), record \(record)", expected: "at most 32 bits", found: "\(value)"
        )
      }
      return label
    }
  }

  private static func checkRank(_ shape: [Int], _ path: String) throws {
    if shape.count == 1 { return }
    throw Failure(
      .data, "labels must have one dimension", at: path, expected: "[N]", found: "\(shape)",
      remedy: "give the samples first and the labels last, and save y.reshape(-1)")
  }
}
