/// The control groups of this process and those above them: what a container or a batch system allows.
package enum ControlGroup {
  /// A folder with a controller's files, of version 1 or 2 of the system's interface.
  package struct Folder {
    package var path: String
    package var isSecondVersion: Bool

    /// The words of one of its files; nil where there is none.
    package func words(_ file: String) -> [Substring]? {
      SystemFile.text(path + "/" + file)?.split(whereSeparator: \.isWhitespace)
    }
  }

  /// From the innermost group outwards.
  ///
  /// - Parameter root: where `/proc` and `/sys` are, for tests.
  package static func folders(of controller: String, root: String) -> [Folder] {
    let groups = SystemFile.text(root + "/proc/self/cgroup") ?? ""
    var folders: [Folder] = []
    for line in groups.split(separator: "\n") {
      // hierarchy:controllers:path
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecondVersion = fields[0] == "0" && fields[1].isEmpty
      guard isSecondVersion || fields[1].split(separator: ",").contains(Substring(controller)) else { continue }
      let top = root + (isSecondVersion ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(controller)")
      var parts = fields[2].split(separator: "/").map(String.init)
      while true {
        folders.append(Folder(path: ([top] + parts).joined(separator: "/"), isSecondVersion: isSecondVersion))
        if parts.popLast() == nil { break }
      }
    }
    return folders
  }

  /// The processors that the group may use; nil where the system does not tell.
  package static func cpuSet(root: String = "") -> CPUSet? {
    for folder in folders(of: "cpuset", root: root) {
      let file = folder.isSecondVersion ? "cpuset.cpus.effective" : "cpuset.effective_cpus"
      if let set = folder.words(file)?.first.flatMap({ CPUSet($0) }), !set.isEmpty { return set }
    }
    return nil
  }

  /// Processors' worth of time that the tightest group gets; nil without a limit.
  package static func processors(root: String = "") -> Double? {
    folders(of: "cpu", root: root).compactMap { folder in
      let words =
        folder.isSecondVersion
        ? folder.words("cpu.max")
        : (folder.words("cpu.cfs_quota_us") ?? []) + (folder.words("cpu.cfs_period_us") ?? [])
      // "max 100000", or −1 in version 1, is no limit.
      guard let words, words.count == 2, let time = Double(words[0]), let period = Double(words[1]), time > 0,
        period > 0
      else { return nil }
      return time / period
    }.min()
  }
}
