import Foundation
import TestSupport
import Testing

/// `bt-dist doctor` on two hosts, and on a rank that hangs.
@Suite(.serialized) struct DoctorFaultTests {
  private static let call = [
    "doctor", "--json", "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim",
    "24",
    "--augment", "noise=0.1", "--batch-size", "16", "--lr-scheduler", "none",
  ]

  /// It is named, and what was seen before is printed, by another rank if need be.
  @Test func aRankThatDoesNotAnswer() throws {
    let folder = try TemporaryFolder()
    // Rank 0 stops when it is about to write into the run folder.
    let stop = Injection(
      path: URL(fileURLWithPath: folder.path).lastPathComponent, action: "signal-\(SIGSTOP)", calls: ["open"])
    let call = Self.call + ["--data", "synthetic:12,n=64", "--out", folder.path + "/run", "--stall-timeout", "1"]
    let calls = [RankCall("bt-dist", call, environment: try stop.environment), RankCall("bt-dist", call)]
    let found = try Diagnosed(Launch.run(calls, limit: 60))
    let finding = try #require(found.errors.first { $0.check == "ranks" }, "\(found.text)")
    #expect(
      finding.message.contains("the job hangs: rank 0 on ")
        && finding.location?.contains("looking at the folder") == true)
    #expect(
      found.json["is_cut_short"] as? Bool == true && (found.json["hosts"] as? [Any])?.count == 1 && found.code != 0)
  }

  /// Folders, clocks and a network that are well, and that are not.
  @Test(.enabled(if: Lab.isAvailable, Lab.needs)) func hostsAreComparedAndMeasured() throws {
    try Lab.with { lab in
      let program = try RankCall("bt-dist", []).path
      /// A rank on each host, the second one with these variables.
      func doctor(_ options: [String] = ["--data", "synthetic:12,n=64"], second: [String] = []) throws -> Diagnosed {
        // Variables go to the ranks of one part of the job only.
        func part(_ host: String, _ variables: [String]) -> [String] {
          ["-x", "OMP_NUM_THREADS", "--host", host, "-np", "1", "env"] + variables + [program] + Self.call + options
        }
        return try Diagnosed(lab.run("lab1", ["mpirun"] + part("lab1", []) + [":"] + part("lab2", second)))
      }

      let well = try doctor()
      #expect(well.code == 0 && well.findings.allSatisfy { $0.severity == "note" }, "\(well.text)")
      let hosts = try #require(well.json["hosts"] as? [[String: Any]])
      #expect(
        hosts.map { $0["host"] as? String } == ["lab1", "lab2"] && hosts.map { $0["ranks"] as? [Int] } == [[0], [1]])
      let clock = try #require(hosts[1]["clock"] as? [String: Any])
      // The hosts of the lab have the same clock.
      #expect(abs(try #require(clock["seconds"] as? Double)) <= 0.1, "\(clock)")
      let links = try #require(well.json["links"] as? [[String: Any]])
      #expect(links.count == 1 && links[0]["from"] as? String == "lab1" && links[0]["to"] as? String == "lab2")
      let folders = try #require(well.json["folders"] as? [[String: Any]])
      #expect(
        folders.allSatisfy {
          ($0["missing_on"] as? [String])?.isEmpty == true && ($0["differs_on"] as? [String])?.isEmpty == true
        })

      try lab("rate", "lab2", "100")
      let slow = try doctor().only("network", "warning")
      #expect(slow.location == "lab1 – lab2" && slow.found.contains(" MB/s"), "\(slow)")
      try lab("rate", "lab2", "off")
      try lab("loss", "lab2", "5")
      let lossy = try doctor().findings.filter { $0.check == "network" && $0.severity == "warning" }
      // Few enough packets arrive at once for the network to be slow, or the loss is seen.
      #expect(
        !lossy.isEmpty && lossy.allSatisfy { ["packets are lost", "a slow network"].contains($0.message) }, "\(lossy)")
      try lab("loss", "lab2", "off")

      let injector = URL(fileURLWithPath: program).deletingLastPathComponent().path + "/libfault-injector.so"
      let skewed = try doctor(second: ["LD_PRELOAD=\(injector)", "FAULT_CLOCK=0:-30"]).only("clock", "warning")
      #expect(skewed.location == "lab2" && skewed.found == "30.0 s behind", "\(skewed)")

      // /run is each host's own.
      let run = ["--data", "synthetic:12,n=64", "--out", "/run/doctor/run"]
      #expect(try lab.run("lab1", ["mkdir", "/run/doctor"]).code == 0)
      let missing = try doctor(run)
      let finding = try missing.only("folder", "error")
      #expect(finding.location == "lab2" && finding.found == "no such folder" && missing.code == 64, "\(missing.text)")
      #expect(try lab.run("lab2", ["mkdir", "/run/doctor"]).code == 0)
      let other = try doctor(run).only("folder", "error")
      #expect(other.location == "lab2" && other.found == "another folder at that path", "\(other)")
      // Nothing is left behind.
      #expect(try lab.run("lab1", ["ls", "-A", "/run/doctor"]).output == "")
    }
  }
}
