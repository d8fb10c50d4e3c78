import Foundation

/// The cores of a host, as Linux describes them below `/sys`.
package struct Processor: Codable, Equatable, Sendable {
  /// Such as `AMD EPYC 9654 96-Core Processor`; empty where the system does not tell.
  package var model: String
  /// The hardware threads of each core.
  package var cores: [CPUSet]
  /// The hardware threads at each memory of a NUMA host; one set on others.
  package var memoryNodes: [CPUSet]

  package init(model: String, cores: [CPUSet], memoryNodes: [CPUSet]) {
    self.model = model
    self.cores = cores
    self.memoryNodes = memoryNodes
  }

  /// This host's; read once.
  package static let ofHost = Processor(root: "")

  /// Where `/sys` does not tell, every processor is a core, and all have one memory.
  ///
  /// - Parameter root: where `/proc` and `/sys` are, for tests.
  package init(root: String) {
    let folder = root + "/sys/devices/system"
    let online = Self.set(folder + "/cpu/online") ?? CPUSet(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    var cores: [CPUSet] = []
    var known: Set<Int> = []
    for number in online.numbers where !known.contains(number) {
      let siblings = Self.set(folder + "/cpu/cpu\(number)/topology/thread_siblings_list")
      let core = siblings.map { CPUSet($0.numbers.filter(Set(online.numbers).contains)) } ?? CPUSet([number])
      cores.append(core.isEmpty ? CPUSet([number]) : core)
      known.formUnion(cores[cores.count - 1].numbers)
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/node")) ?? []
    let numbers = names.filter { $0.hasPrefix("node") }.compactMap { Int($0.dropFirst(4)) }.sorted()
    let nodes = numbers.compactMap { Self.set(folder + "/node/node\($0)/cpulist") }.filter { !$0.isEmpty }
    let models = SystemFile.text(root + "/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }
    model = models?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    (self.cores, memoryNodes) = (cores, nodes.isEmpty ? [online] : nodes)
  }

  package var all: CPUSet { CPUSet(cores.flatMap(\.numbers)) }

  /// How many cores have a hardware thread in the set.
  package func cores(in set: CPUSet) -> Int { cores.count { $0.intersects(set) } }

  /// How many memories are near processors of the set.
  package func memoryNodes(in set: CPUSet) -> Int { memoryNodes.count { $0.intersects(set) } }

  private static func set(_ path: String) -> CPUSet? {
    SystemFile.text(path).flatMap { CPUSet($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}
