import DataParallel
import Diagnostics
import TestSupport

/// Something that reads what others may have written: how a wrong file is made of a right one, and how it is read.
protocol FuzzTarget {
  /// A wrong input.
  mutating func mutated(_ mutator: inout Mutator) -> [UInt8]

  /// Writes the input to its place; gives the arguments with which bt-dist reads it.
  func write(_ input: [UInt8]) throws -> [String]

  /// Does in this process what a command would do with what was written.
  ///
  /// - Throws: a failure for the user, or nothing; everything else is a fault.
  func read() throws
}

/// Makes a target, with its right files in a folder of its own.
typealias FuzzTargetMaker = @Sendable (_ folder: String) throws -> any FuzzTarget

let targets: [(name: String, make: FuzzTargetMaker)] =
  [
    ("npy", NpyTarget.init), ("idx", IdxTarget.init), ("gzip", GzipTarget.init),
    ("safetensors", SafetensorsTarget.init), ("configuration", ConfigurationTarget.init),
    ("kernels", KernelCacheTarget.init),
  ] + RunFile.all.map { file in (file.name, { @Sendable in try RunFileTarget(folder: $0, file) }) }

/// Whether an error is one with which bt-dist ends in order.
func isForUser(_ error: any Error) -> Bool {
  guard let failure = (error as? AgreedFailure)?.failure ?? error as? Failure else { return false }
  return failure.kind != .defect
}
