import Foundation

/// A limit on the memory of all processes of a job on this host: the batch system's or the container's.
package struct MemoryLimit: Equatable, Sendable {
  package var bytes: Int
  /// Who set it, in one word or two.
  package var name: String

  package init(_ bytes: Int, _ name: String) { (self.bytes, self.name) = (bytes, name) }

  /// The lowest of all that are set; nil without any.
  ///
  /// - Parameter root: where `/proc` and `/sys` are, for tests.
  package static func current(
    environment: [String: String] = ProcessInfo.processInfo.environment, root: String = ""
  ) -> MemoryLimit? {
    let all = [slurm(environment), cgroup(root)].compactMap { $0 }
    return all.min { $0.bytes < $1.bytes }
  }

  /// What there is at all for the programs of this job on this host: its memory, or less where a control group, which
  /// ends programs that take more, has a lower limit. Nil where the system does not tell.
  package static var ceiling: MemoryLimit? {
    let host = ProcessMemory.ofHost.map { MemoryLimit($0, "all that the host has") }
    return [host, cgroup("")].compactMap { $0 }.min { $0.bytes < $1.bytes }
  }

  /// `SLURM_MEM_PER_NODE`, or `SLURM_MEM_PER_CPU` times the processors; both in MiB, 0 for none.
  private static func slurm(_ environment: [String: String]) -> MemoryLimit? {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
    var mebibytes = number("SLURM_MEM_PER_NODE")
    if mebibytes == nil, let each = number("SLURM_MEM_PER_CPU"), let processors = number("SLURM_CPUS_ON_NODE") {
      mebibytes = each * processors
    }
    return mebibytes.map { MemoryLimit($0 << 20, "Slurm's limit") }
  }

  /// The lowest of this process's control groups and those above them, of either version.
  private static func cgroup(_ root: String) -> MemoryLimit? {
    let limits = ControlGroup.folders(of: "memory", root: root).compactMap { folder in
      folder.words(folder.isSecondVersion ? "memory.max" : "memory.limit_in_bytes")?.first.flatMap { Int($0) }
    }
    // "max", or in version 1 a number near 2⁶³, is no limit.
    return limits.filter { $0 > 0 && $0 < 1 << 60 }.min().map { MemoryLimit($0, "the control group's limit") }
  }
}
