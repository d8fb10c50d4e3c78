import Dispatch
import Foundation
import Host
import MPI
import Tensors

/// Three arrays that no cache holds, and how fast a triad passes over them or over a part of them.
final class MemoryTriad {
  /// Of the three together.
  let bytes: Int
  private let arrays: [AlignedBuffer<Float>]

  /// - Parameter bytes: of the three arrays together; nil: four times the last cache, but at most a quarter of the free
  ///   memory.
  init(bytes: Int?) throws {
    let cache = max(1 << 26, sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)))
    let most = max(1 << 26, (ProcessMemory.availableOnHost ?? 1 << 30) / 4)
    let count = (bytes ?? min(4 * cache, most)) / 3 / MemoryLayout<Float>.stride
    self.bytes = 3 * count * MemoryLayout<Float>.stride
    arrays = try (0..<3).map { _ in try AlignedBuffer(count) }
    for array in arrays { Elementwise.fill(array, seed: 1) }
  }

  /// Bytes a second of this rank's threads, over the arrays' beginnings of `bytes` together. All ranks at once.
  func bytesPerSecond(over bytes: Int, _ communicator: Communicator) throws -> Double {
    let count = max(1, min(bytes, self.bytes) / 3 / MemoryLayout<Float>.stride)
    // Short ones are repeated until there is something to measure.
    let passes = max(1, (1 << 24) / count)
    let time = try communicator.milliseconds {
      for _ in 0..<passes {
        Elementwise.triad(
          arrays[0].pointer, arrays[1].pointer, factor: 0.5, into: arrays[2].pointer, count: count)
      }
    }
    return Double(passes * 3 * count * MemoryLayout<Float>.stride) / time * 1e3
  }
}

extension Elementwise {
  /// Numbers of mean 0 and variance 1 that look random enough to measure with, written by the threads that read them.
  static func fill(_ buffer: AlignedBuffer<Float>, seed: Int) {
    forEachPiece(of: buffer.count) { start, count in
      for i in start..<start + count {
        let bits = UInt32(truncatingIfNeeded: i &+ seed &* 7919) &* 2_654_435_761
        buffer.pointer[i] = (Float(bits >> 8) * 0x1p-24 - 0.5) * 3.4641
      }
    }
  }
}
