import Configuration
import Diagnostics
import Foundation
import Layers
import MPI

extension Communicator {
  /// What the activations of a run hold, and what the user should know about that: bf16 where it is asked for and the
  /// processors of all ranks have instructions for it, else float32.
  ///
  /// A collective where bf16 is asked for. The environment variable `BT_DIST_EMULATE_BF16=1` allows oneDNN's emulation,
  /// for tests: it computes the same numbers more slowly than float32, and needs AVX-512.
  func activationElement(
    _ configuration: TrainingConfiguration
  ) throws -> (element: TensorShape.Element, remarks: [String]) {
    guard configuration.precision == .bfloat16 else { return (.float32, []) }
    let emulates = ProcessInfo.processInfo.environment["BT_DIST_EMULATE_BF16"] == "1"
    let support = BFloat16Support.current
    let suffices = support == .native || (support == .emulated && emulates)
    let lacking = try allGather(suffices ? "" : KernelTraits.current.oneDNN).enumerated().filter { $0.element != "" }
    guard let first = lacking.first else { return (.bfloat16, []) }
    let ranks = lacking.count == size ? "no rank has one" : "rank \(first.offset) has none"
    return (
      .float32,
      [
        """
        \(option: "precision") bf16 needs processors with bf16 instructions (AVX-512 BF16 or AMX), and \(ranks) \
        (\(first.element)): the run computes in float32
        """
      ]
    )
  }
}
