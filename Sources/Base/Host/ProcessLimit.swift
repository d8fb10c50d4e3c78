import Foundation

/// A limit that the system sets on the memory of each process alone, whatever the host has: `ulimit`, and Grid Engine's
/// `h_vmem`.
package enum ProcessLimit: CaseIterable, Sendable {
  /// Of all addresses, with memory behind them or not: `ulimit -v`.
  case addresses
  /// Of memory that can be written: `ulimit -d`.
  case data

  /// In bytes; nil for none.
  package var bytes: Int? {
    var limit = rlimit()
    let status =
      switch self {
      case .addresses: getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      case .data: getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
      }
    // "unlimited" is the largest number.
    guard status == 0, limit.rlim_cur < 1 << 60 else { return nil }
    return Int(limit.rlim_cur)
  }

  /// Bytes that count against it now; nil where the system does not tell.
  package var used: Int? {
    switch self {
    case .addresses: ProcessMemory.addresses
    case .data: ProcessMemory.data
    }
  }

  package var name: String {
    switch self {
    case .addresses: "the limit on a process's addresses (ulimit -v, h_vmem)"
    case .data: "the limit on a process's data (ulimit -d)"
    }
  }

  /// Bytes that this process may still have, by the tightest of its limits; nil without any.
  package static var room: (bytes: Int, limit: ProcessLimit)? {
    let rooms = allCases.compactMap { limit in
      limit.bytes.map { (bytes: max(0, $0 - (limit.used ?? 0)), limit: limit) }
    }
    return rooms.min { $0.bytes < $1.bytes }
  }
}
