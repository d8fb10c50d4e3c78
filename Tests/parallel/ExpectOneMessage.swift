import TestSupport
import Testing

/// Expects this exit code and one error message of the whole job that contains all words.
func expectOneMessage(_ result: LaunchResult, _ code: Int32, says: [String], _ name: String = "") {
  let text = "\(name): \(result.text)"
  #expect(result.code == code, "\(text)")
  #expect(result.errors.components(separatedBy: "bt-dist: error:").count == 2, "\(text)")
  #expect(!result.output.contains("error"), "\(text)")
  // From the message to what mpirun says itself.
  let message = result.errors.components(separatedBy: "bt-dist: error:").last?.components(separatedBy: "\n---").first
  for word in says { #expect(message?.contains(word) == true, "no '\(word)' in \(text)") }
  for word in ["Fatal error", "MPI_ABORT", "Stack dump"] { #expect(!result.errors.contains(word), "\(text)") }
}
