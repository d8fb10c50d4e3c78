import Diagnostics
import Foundation

/// The diagnosis as a text: what was seen in tables of at most 100 columns, then what is to be mended.
extension Diagnosis {
  package var text: String {
    let seen = [overview, hostTable, kernelLines, linkTable, folderLines, runTable].flatMap { $0 }
    return (seen + [""] + findingLines).joined(separator: "\n") + "\n"
  }

  /// Rows of hosts and links that are printed; the rest is in the JSON.
  private static let rows = 16

  private var overview: [String] {
    guard let first = hosts.first else { return ["ranks      \(ranks.counted("rank"))"] }
    let launcher = first.mpi.isLaunched ? first.mpi.launcherPath ?? first.mpi.launcher : nil
    let how = launcher.map { "started by \($0)" } ?? (ranks == 1 ? "on its own" : "")
    let level = first.mpi.threadLevel.map { ", threads \($0)" } ?? ", not started"
    return [
      "ranks      \(ranks) on \(hosts.count.counted("host"))\(how.isEmpty ? "" : ", \(how)")",
      "MPI        \(first.mpi.library)\(level)" + (mpirun.map { "; in PATH: \($0.path), \($0.version ?? "?")" } ?? ""),
    ]
  }

  private var hostTable: [String] {
    guard !hosts.isEmpty else { return [] }
    let head = ["host", "ranks", "cores", "threads", "bound to", "memory", "available", "needed", "clock"]
    // Hosts that are alike share a row.
    let groups = hosts.map { (host: $0, cells: Self.cells($0)) }.grouped { $0.cells }
    let rows = groups.prefix(Self.rows).map { cells, hosts in
      [hosts.count == 1 ? hosts[0].host.host : "\(hosts[0].host.host) and \(hosts.count - 1) alike"] + cells
    }
    return ["hosts"] + SummaryText.table([head] + rows, limits: [24]) + Self.more(groups.count)
  }

  private static func cells(_ host: Host) -> [String] {
    let places = host.boundTo.grouped { $0 }.map { "\($0.key)" }
    let isBound = host.boundTo.contains { $0.count < host.hardwareThreads }
    let bound = isBound ? places.prefix(3).joined(separator: " | ") + (places.count > 3 ? " …" : "") : "none"
    func bytes(_ value: Int?) -> String { value.map(SummaryText.bytes) ?? "" }
    return [
      "\(host.ranks.count)", "\(host.cores)", host.threads.grouped { $0 }.map { "\($0.key)" }.joined(separator: ", "),
      bound, bytes(host.memory.ofHost), bytes(host.memory.limit ?? host.memory.available), bytes(host.neededBytes),
      host.clock.map { String(format: "%+.3f s", $0.seconds) } ?? "",
    ]
  }

  private var kernelLines: [String] {
    hosts.grouped { $0.kernels.libraries.map(\.text).joined(separator: "; ") }.map { kernels, hosts in
      let place = self.hosts.count == hosts.count ? "" : ": \(Self.list(hosts.map(\.host)))"
      return "kernels    \(kernels)\(place)"
    }
  }

  private var linkTable: [String] {
    guard !links.isEmpty else { return [] }
    let (inside, between) = (links.filter(\.isInsideHost), links.filter { !$0.isInsideHost })
    let slowest = between.sorted { $0.bytesPerSecond < $1.bytesPerSecond }
    let rows =
      slowest.prefix(Self.rows).map {
        ["\($0.from) – \($0.to)", Link.rate($0.bytesPerSecond), Link.time($0.microseconds)]
      }
      + inside.sorted { $0.bytesPerSecond < $1.bytesPerSecond }.prefix(3).map {
        ["inside \($0.from)", Link.rate($0.bytesPerSecond), Link.time($0.microseconds)]
      }
    return ["network"] + SummaryText.table([["", "rate", "a message"]] + rows, limits: [40])
      + Self.more(slowest.count, "slowest first; ")
  }

  private var folderLines: [String] {
    folders.map { folder in
      let free = folder.freeBytes.map { ", \(SummaryText.bytes($0)) free" } ?? ""
      let isShared = folder.missingOn.isEmpty && folder.differsOn.isEmpty
      let shared = hosts.count < 2 ? "" : isShared ? ", the same on all hosts" : ", not the same on all hosts"
      return "folder     \(folder.path)\(free)\(shared)"
    }
  }

  private var runTable: [String] {
    guard let run else { return [] }
    let head = """
      run        \(run.encoder), batch \(run.batchSize), \(SummaryText.scaled(Double(run.parameters))) parameters; a \
      checkpoint of \(SummaryText.bytes(run.checkpointBytes))
      """
    guard !run.exchanges.isEmpty else { return [head] }
    let rows = run.exchanges.map { exchange in
      [
        exchange.name, SummaryText.bytes(exchange.bytes), String(format: "%.3f", exchange.ms),
        "\(exchange.countPerStep)", String(format: "%.2f", exchange.ms * Double(exchange.countPerStep)),
      ]
    }
    return [head] + SummaryText.table([["", "size", "ms", "in a step", "ms a step"]] + rows, limits: [40])
  }

  private var findingLines: [String] {
    guard !findings.isEmpty else { return ["nothing to mend"] }
    let counts = [(errors, "error"), (warnings, "warning"), (notes, "note")].filter { $0.0 > 0 }
    return [counts.map { $0.0.counted($0.1) }.joined(separator: ", ")]
      + findings.map { finding in
        var lines = ["\(finding.severity.rawValue), \(finding.check.rawValue): \(finding.message)"]
        func add(_ label: String, _ text: String?) {
          if let text { lines.append("  \(label):".padding(toLength: 12, withPad: " ", startingAt: 0) + text) }
        }
        add("where", finding.placeText)
        add("expected", finding.expected)
        add("found", finding.found)
        add("remedy", finding.remedy)
        return lines.joined(separator: "\n")
      }
  }

  private static func more(_ count: Int, _ text: String = "") -> [String] {
    count > rows ? ["  \(text)\(count - rows) more: --json"] : []
  }

  private static func list(_ names: [String]) -> String {
    names.count > 4 ? "\(names[0]) and \(names.count - 1) others" : names.joined(separator: ", ")
  }
}
