import Foundation

/// A limit on the cores of all processes of a job on this host: the batch system's or the container's.
package struct CoreLimit: Codable, Equatable, Sendable {
  package var cores: Int
  /// Who set it, in one word or two.
  package var name: String

  package init(cores: Int, name: String) { (self.cores, self.name) = (cores, name) }

  /// The lowest of those that are set; nil without any. Batch systems count hardware threads.
  package static func current(
    _ environment: [String: String] = ProcessInfo.processInfo.environment, _ processor: Processor = .ofHost
  ) -> CoreLimit? {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
    let threadsOfCore = max(1, processor.all.count / processor.cores.count)
    func cores(_ processors: Int) -> Int { (processors + threadsOfCore - 1) / threadsOfCore }
    let limits = [
      ControlGroup.processors().map { CoreLimit(cores: max(1, Int($0)), name: "the control group's limit") },
      number("SLURM_CPUS_ON_NODE").map { CoreLimit(cores: cores($0), name: "Slurm's allocation") },
      number("NCPUS").map { CoreLimit(cores: cores($0), name: "PBS's allocation") },
    ]
    return limits.compactMap { $0 }.min { $0.cores < $1.cores }
  }
}
