import Diagnostics
import Foundation
import Tensors

/// What was measured on this kind of machine before: milliseconds by shape and method, in a JSON file for all machines.
///
/// A machine is a processor model, the libraries' versions and kernels, and a number of threads. The file is replaced as
/// a whole, with what other processes have added since it was read; a file that cannot be read or written costs a remark
/// and the time to measure.
public struct KernelCache {
  /// Overrides the folder; empty: nothing is kept.
  public static let variable = "BT_DIST_CACHE"

  /// Of this machine: shape and direction, method, milliseconds.
  private(set) var times: [String: [String: Double]] = [:]
  public private(set) var remarks: [String] = []
  private let path: String?
  private let machine: String

  /// The file of this user: in `$BT_DIST_CACHE`, else `$XDG_CACHE_HOME/bt-dist`, else `~/.cache/bt-dist`.
  public static func defaultPath(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    if let folder = environment[variable] { return folder.isEmpty ? nil : folder + "/" + fileName }
    if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") { return "\(folder)/bt-dist/\(fileName)" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return "\(home)/.cache/bt-dist/\(fileName)"
  }

  private static let fileName = "kernels.json"

  /// - Parameter path: nil keeps everything in memory.
  public init(path: String?, machine: String = KernelCache.thisMachine) {
    (self.path, self.machine) = (path, machine)
    guard let path, FileManager.default.fileExists(atPath: path) else { return }
    guard let file = Self.read(path) else {
      remarks.append("\(path) is not what bt-dist writes there: kernels are measured anew, and the file is replaced")
      return
    }
    times = file.machines[machine] ?? [:]
  }

  /// Keeps milliseconds; an infinite time as a very long one.
  mutating func add(_ key: String, _ new: [String: Double]) {
    times[key] = new.mapValues { $0.isFinite ? (1e4 * $0).rounded() / 1e4 : 1e9 }
  }

  /// Writes the file, or says once why that is not possible.
  mutating func save() {
    guard let path else { return }
    do {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      var file = Self.read(path) ?? File()
      file.machines[machine, default: [:]].merge(times) { $1 }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try OutputFile.replace(path, with: String(decoding: try encoder.encode(file), as: UTF8.self) + "\n")
    } catch {
      remarks.append("what was measured of kernels cannot be kept for other runs in \(path): \(error)")
    }
  }

  private struct File: Codable {
    var format = 1
    var machines: [String: [String: [String: Double]]] = [:]
  }

  private static func read(_ path: String) -> File? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return (try? JSONDecoder().decode(File.self, from: data)).flatMap { $0.format == 1 ? $0 : nil }
  }

  /// `Intel(R) Xeon(R) Processor; OpenBLAS 0.3.21, Haswell kernels; oneDNN 2.6.3, avx512_core; 2 threads`; the threads
  /// must have been configured.
  public static var thisMachine: String {
    let traits = KernelTraits.current
    return "\(processorModel); \(traits.blas); \(traits.oneDNN); \(traits.threads) threads"
  }

  private static var processorModel: String {
    let text = FileManager.default.contents(atPath: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }
}
