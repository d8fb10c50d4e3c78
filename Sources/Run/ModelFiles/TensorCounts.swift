import Diagnostics
import Files

/// How many tensors a file of a model has and how many numbers, in the words that all commands use.
package struct TensorCounts: Sendable, Equatable {
  package private(set) var tensors = 0
  /// Numbers that the optimizer changes.
  package private(set) var parameters = 0
  /// Numbers that follow from what passed through: running statistics and counted batches.
  package private(set) var buffers = 0

  package var numbers: Int { parameters &+ buffers }

  private static let bufferNames: Set<Substring> = ["running_mean", "running_var", Substring(ModelFile.counter)]

  package init() {}

  package init(_ file: SafetensorsFile) {
    for entry in file.entries { add(entry.name, numbers: entry.count) }
  }

  /// Counts one more tensor; its name says which kind it is.
  package mutating func add(_ name: String, numbers: Int) {
    tensors += 1
    let isBuffer = name.split(separator: ".").last.map(Self.bufferNames.contains) ?? false
    if isBuffer { buffers &+= numbers } else { parameters &+= numbers }
  }

  /// `62 tensors: 11176512 numbers in parameters, 9620 in buffers`.
  package var text: String {
    "\(tensors.counted("tensor")): \(parameters.counted("number")) in parameters, \(buffers) in buffers"
  }
}
