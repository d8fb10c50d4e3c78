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
      .data, "labels must have one dimension", at: path, expected: "[N]", found: "\(shape)", remedy: remedy(shape))
  }

  private static func remedy(_ shape: [Int]) -> String {
    if shape.filter({ $0 != 1 }).count == 1 { return "save y.reshape(-1)" }
    if shape.count == 2 {
      return "one-hot labels become classes by y.argmax(axis=1); of several targets save one, such as y[:, 0]"
    }
    return "give the samples first and the labels last: npy:X.npy,Y.npy"
  }
}
