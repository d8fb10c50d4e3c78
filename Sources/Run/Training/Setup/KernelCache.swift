import Diagnostics
import FileSystem
import Files
import Foundation
import Host
import Layers

/// What was measured on this kind of machine before: milliseconds by shape and method, in a JSON file for all machines.
///
/// A machine is a processor model, the libraries' versions and kernels, and a number of threads. The file is replaced as
/// a whole, with what other processes have added since it was read; a file that cannot be read or written costs a remark
/// and the time to measure.
package struct KernelCache: KernelTimes {
  /// Overrides the folder; empty: nothing is kept.
  package static let variable = "BT_DIST_CACHE"

  /// Of this machine: shape and direction, method, milliseconds.
  private var times: [String: [String: Double]] = [:]
  package private(set) var remarks: [String] = []
  private let path: String?
  private let machine: String

  /// The file of this user: in `$BT_DIST_CACHE`, else `$XDG_CACHE_HOME/bt-dist`, else `~/.cache/bt-dist`.
  package static func defaultPath(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    if let folder = environment[variable] { return folder.isEmpty ? nil : folder + "/" + fileName }
    if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") { return "\(folder)/bt-dist/\(fileName)" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return "\(home)/.cache/bt-dist/\(fileName)"
  }

  private static let fileName = "kernels.json"

  /// - Parameter path: nil keeps everything in memory.
  package init(path: String?, machine: String = KernelCache.thisMachine) {
    (self.path, self.machine) = (path, machine)
    guard let path, Disk.isThere(path) else { return }
    guard let file = Self.read(path) else {
      remarks.append("\(path) is not what bt-dist writes there: kernels are measured anew, and the file is replaced")
      return
    }
    times = file.machines[machine] ?? [:]
  }

  package subscript(key: String) -> [String: Double] { times[key] ?? [:] }

  package mutating func add(_ key: String, _ new: [String: Double]) {
    times[key] = new.mapValues { $0.isFinite ? (1e4 * $0).rounded() / 1e4 : 1e9 }
  }

  package mutating func save() {
    guard let path else { return }
    do {
      let folder = path.parentFolder
      try Disk.makeFolder(folder)
      // Other hosts may write there too.
      OutputFile.removeLeftovers(in: folder, isOurs: false)
      var file = Self.read(path) ?? File()
      file.machines[machine, default: [:]].merge(times) { $1 }
      try OutputFile.replace(path, with: JSONText.encode(file, .pretty))
    } catch {
      let reason = (error as? Failure)?.message ?? "\(error)"
      remarks.append(
        "the measured times of kernels cannot be kept for other runs in \(path): \(reason); name another folder with "
          + "\(Self.variable), or set it to nothing")
    }
  }

  private struct File: Codable {
    var format = 1
    var machines: [String: [String: [String: Double]]] = [:]
  }

  private static func read(_ path: String) -> File? {
    guard let data = try? Disk.contents(of: path) else { return nil }
    return (try? JSONText.decode(File.self, from: data)).flatMap { $0.format == 1 ? $0 : nil }
  }

  /// `Intel(R) Xeon(R) Processor; OpenBLAS 0.3.21, Haswell kernels; oneDNN 2.6.3, avx512_core; 2 threads`; the threads
  /// must have been configured.
  package static var thisMachine: String {
    let traits = KernelTraits.current
    let model = Processor.ofHost.model
    return "\(model.isEmpty ? "unknown processor" : model); \(traits.blas); \(traits.oneDNN); \(traits.threads) threads"
  }
}
