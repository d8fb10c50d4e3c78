import Foundation
import Layers
import TestSupport
import Training

/// The file of kernel times, which other hosts, versions and users may have written.
struct KernelCacheTarget: FuzzTarget {
  private static let (machine, shape) = ("this machine", "8×8×3×3, input 4×8×6×6")
  private let path: String
  private let original: [UInt8]

  init(folder: String) throws {
    path = folder + "/kernels.json"
    setenv(KernelCache.variable, folder, 1)
    var cache = KernelCache(path: path, machine: Self.machine)
    for direction in ["forward", "backward", "weights"] {
      cache.add("\(Self.shape), \(direction)", ["onednn": 0.125, "planes": 0.25, "columns": .infinity])
    }
    cache.save()
    original = try readBytes(path)
  }

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] { mutator.mutate(original) }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.write(input, to: path)
    return try SmallRunFolder.training(into: path + ".run", ["--autotune", "on"])
  }

  /// A damaged file is a remark, and the times are measured anew.
  func read() throws {
    var cache = KernelCache(path: path, machine: Self.machine)
    for direction in ["forward", "backward", "weights"] {
      let known = cache["\(Self.shape), \(direction)"]
      _ = KernelTuner.choice(["onednn", "planes"], known)
    }
    cache.add("another", ["onednn": 1])
    cache.save()
    let again = KernelCache(path: path, machine: Self.machine)
    guard again["another"] == ["onednn": 1] else {
      throw CocoaError(.fileReadCorruptFile, userInfo: ["what": "what was kept is not there: \(cache.remarks)"])
    }
  }
}
