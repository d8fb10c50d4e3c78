import Foundation
import Host
import Tensors
import TestSupport
import Testing

/// What the system says about processors and control groups.
@Suite struct HostTests {
  @Test(arguments: [("0-3,8", [0, 1, 2, 3, 8]), ("5", [5]), ("", []), ("2,0-1\n", [0, 1, 2])])
  func processorsAreLists(_ text: String, _ numbers: [Int]) throws {
    let set = try #require(CPUSet(text))
    #expect(set.numbers == numbers && CPUSet(set.description) == set)
  }

  @Test(arguments: ["a", "3-1", "1-", "-1", "1-2-3", "0x1"])
  func whatIsNoList(_ text: String) { #expect(CPUSet(text) == nil) }

  @Test func sets() throws {
    let set = CPUSet([3, 1, 2, 7, 1])
    #expect(set.description == "1-3,7" && set.count == 4)
    #expect(set.union(CPUSet([8])).description == "1-3,7-8")
    #expect(set.intersects(CPUSet([7, 9])) && !set.intersects(CPUSet([0, 4])))
    #expect(CPUSet([1, 7]).isSubset(of: set) && !CPUSet([1, 8]).isSubset(of: set))
    let text = String(decoding: try JSONEncoder().encode([set]), as: UTF8.self)
    #expect(text == "[\"1-3,7\"]")
    #expect(try JSONDecoder().decode([CPUSet].self, from: Data(text.utf8)) == [set])
  }

  /// Two sockets of two cores with two hardware threads each; one of them is switched off.
  @Test func coresAndMemories() throws {
    let folder = try TemporaryFolder()
    func write(_ path: String, _ text: String) throws {
      let url = URL(fileURLWithPath: folder.file(path))
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
    let system = "sys/devices/system"
    try write("\(system)/cpu/online", "0-6\n")
    for cpu in 0..<8 {
      try write("\(system)/cpu/cpu\(cpu)/topology/thread_siblings_list", "\(cpu % 4),\(cpu % 4 + 4)\n")
    }
    try write("\(system)/node/node0/cpulist", "0-1,4-5\n")
    try write("\(system)/node/node1/cpulist", "2-3,6-7\n")
    try write("\(system)/node/node2/cpulist", "\n")
    try write("proc/cpuinfo", "processor : 0\nmodel name\t: A CPU: fast\nflags : x\n")
    let processor = Processor(root: folder.path)
    #expect(processor.cores.map(\.description) == ["0,4", "1,5", "2,6", "3"])
    #expect(processor.memoryNodes.map(\.description) == ["0-1,4-5", "2-3,6-7"] && processor.all.description == "0-6")
    #expect(processor.cores(in: CPUSet("0,4")!) == 1 && processor.cores(in: CPUSet("0-3")!) == 4)
    #expect(processor.memoryNodes(in: CPUSet("1,4")!) == 1 && processor.memoryNodes(in: CPUSet("1-2")!) == 2)
    #expect(processor.model == "A CPU: fast")
  }

  @Test func aSystemThatTellsNothing() throws {
    let processor = Processor(root: try TemporaryFolder().path)
    #expect(processor.cores.count == sysconf(Int32(_SC_NPROCESSORS_ONLN)) && processor.memoryNodes.count == 1)
  }

  @Test func thisHost() {
    let processor = Processor.ofHost
    #expect(!processor.cores.isEmpty && processor.cores(in: processor.all) == processor.cores.count)
    let places = ThreadPool.placement
    #expect(places.count == ThreadPool.threads && places.allSatisfy { !$0.isEmpty && $0.isSubset(of: processor.all) })
  }

  @Test(
    arguments: [
      (
        [
          "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "250000 100000\n",
          "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
        ], 2.5
      ),
      (
        [
          "proc/self/cgroup": "3:cpu,cpuacct:/a\n", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "400000\n",
          "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        ], 4
      ),
      (
        [
          "proc/self/cgroup": "3:cpu:/a\n", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1\n",
          "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        ], nil
      ),
      ([:], nil),
    ] as [([String: String], Double?)])
  func processorsOfAContainer(_ files: [String: String], _ processors: Double?) throws {
    let folder = try TemporaryFolder()
    for (path, text) in files {
      let url = URL(fileURLWithPath: folder.file(path))
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(ControlGroup.processors(root: folder.path) == processors)
  }
}
