import Foundation

/// What can keep a process from starting a thread, as messages name it.
enum ThreadLimit {
  /// The limits that are set: `ulimit -u 100`, `pids.max 64`.
  static var all: [String] { [processes, group, addresses, data].compactMap { $0 } }

  private static var processes: String? { limit(__RLIMIT_NPROC.rawValue).map { "ulimit -u \($0)" } }
  private static var addresses: String? { limit(RLIMIT_AS.rawValue).map { "ulimit -v \($0 >> 10)" } }
  private static var data: String? { limit(RLIMIT_DATA.rawValue).map { "ulimit -d \($0 >> 10)" } }

  /// The tightest of the control groups.
  private static var group: String? {
    let limits = ControlGroup.folders(of: "pids", root: "").compactMap {
      $0.words("pids.max")?.first.flatMap { Int($0) }
    }
    return limits.min().map { "pids.max \($0)" }
  }

  private static func limit(_ resource: UInt32) -> UInt? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource), &limit) == 0, limit.rlim_cur != .max else { return nil }
    return UInt(limit.rlim_cur)
  }
}
