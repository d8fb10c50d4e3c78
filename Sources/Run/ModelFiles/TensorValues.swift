import Diagnostics

/// What holds of the numbers of every tensor that a file gives, whoever wrote it.
package enum TensorValues {
  /// Throws `Failure(.data)` for a value that is not finite, and for a variance below 0: features computed with either
  /// would be no numbers.
  ///
  /// - Parameter name: the tensor's, in PyTorch's spelling: `encoder.bn1.running_var` holds variances, and so do Adam's
  ///   second moments.
  package static func check(_ values: UnsafeBufferPointer<Float>, of name: String, _ path: String) throws {
    let isVariance = name.hasSuffix("running_var") || name.hasPrefix("exp_avg_sq.") || name.hasPrefix("max_exp_avg_sq.")
    guard let position = values.firstIndex(where: { !$0.isFinite || (isVariance && $0 < 0) }) else { return }
    let value = values[position]
    throw Failure(
      .data,
      value.isFinite
        ? "the tensor '\(name)' holds a negative variance"
        : "the tensor '\(name)' holds a value that is not a number", at: path,
      expected: value.isFinite ? "at least 0" : "finite numbers", found: "\(value) at element \(position)",
      remedy: "take another copy of the file, or a checkpoint from before it went wrong")
  }
}
