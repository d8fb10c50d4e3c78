import Foundation
import Host
import Synchronization

/// The live buffers of a process, counted by their use: what a plan will need, known before the memory is touched.
package final class MemoryLedger: Sendable {
  /// Where every `AlignedBuffer` is entered.
  package static let process = MemoryLedger()

  /// A buffer whose pages come into being when they are first touched.
  private struct Mapping {
    var bytes: Int
    var use: MemoryUse
  }

  private struct Entries {
    /// Bytes of buffers that are in memory from the start.
    var touched = [Int](repeating: 0, count: MemoryUse.allCases.count)
    /// By their address.
    var mappings: [UInt: Mapping] = [:]
  }

  private let entries = Mutex(Entries())

  package init() {}

  /// - Parameter isMapped: whether the memory is whole pages that nobody has touched yet.
  package func enter(_ address: UnsafeRawPointer, bytes: Int, _ use: MemoryUse, isMapped: Bool) {
    let address = UInt(bitPattern: address)
    entries.withLock { entries in
      if isMapped {
        entries.mappings[address] = Mapping(bytes: bytes, use: use)
      } else {
        entries.touched[use.rawValue] += bytes
      }
    }
  }

  package func remove(_ address: UnsafeRawPointer, bytes: Int, _ use: MemoryUse) {
    let address = UInt(bitPattern: address)
    entries.withLock { entries in
      if entries.mappings.removeValue(forKey: address) == nil { entries.touched[use.rawValue] -= bytes }
    }
  }

  /// Bytes of the live buffers for each use, touched or not.
  package var bytes: [MemoryUse: Int] {
    entries.withLock { entries in
      var sums = entries.touched
      for mapping in entries.mappings.values { sums[mapping.use.rawValue] += mapping.bytes }
      return Dictionary(uniqueKeysWithValues: MemoryUse.allCases.map { ($0, sums[$0.rawValue]) })
    }
  }

  /// Bytes of the live buffers that are in memory now.
  package var residentBytes: Int {
    entries.withLock { entries in
      entries.mappings.reduce(entries.touched.reduce(0, +)) { $0 + Self.residentBytes($1.key, $1.value.bytes) }
    }
  }

  /// Bytes that the process has in memory now apart from its buffers; nil where the system does not tell.
  ///
  /// To be asked before unwritten buffers are read: the system counts their pages here but not there.
  package var bytesBeside: Int? { ProcessMemory.resident.map { max(0, $0 - residentBytes) } }

  private static func residentBytes(_ address: UInt, _ bytes: Int) -> Int {
    let page = sysconf(Int32(_SC_PAGESIZE))
    // A byte a page: in pieces, since the plan may be larger than the machine.
    var states = [UInt8](repeating: 0, count: 1 << 18)
    var resident = 0
    for start in stride(from: 0, to: bytes, by: page * states.count) {
      let length = min(bytes - start, page * states.count)
      guard mincore(UnsafeMutableRawPointer(bitPattern: address + UInt(start)), length, &states) == 0 else {
        return bytes
      }
      resident += page * states[..<((length + page - 1) / page)].count { $0 & 1 != 0 }
    }
    return min(bytes, resident)
  }
}
