import DataParallel
import Layers
import MPI

extension Communicator {
  /// What the user should know if the ranks' kernels or threads differ: bits then depend on who computes what.
  ///
  /// A collective, for after the threads have been set; the same answer on all ranks, at most one remark.
  package func kernelRemarks() throws -> [String] {
    let traits = KernelTraits.current
    let difference = try compare {
      traits.libraries.map { RankField($0.name, $0.text) } + [RankField("threads", traits.threadsText)]
    }
    guard let difference else { return [] }
    return [
      """
      the ranks compute with different \(difference.fields.joined(separator: " and ")) (\(difference.description)): \
      the bits of the result depend on which ranks compute which samples, and other launches need not repeat them
      """
    ]
  }
}
