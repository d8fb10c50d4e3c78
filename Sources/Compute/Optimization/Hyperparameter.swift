import Diagnostics

/// A `Failure(.usage)` unless a hyperparameter is in its range.
func require(_ isValid: Bool, _ name: String, expected: String, found: Double) throws {
  if !isValid { throw Failure(.usage, "\(name) is out of range", expected: expected, found: "\(found)") }
}
