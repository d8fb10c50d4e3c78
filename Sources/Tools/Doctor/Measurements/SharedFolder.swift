import Diagnostics
import Files
import Foundation
import Host
import MPI

/// Whether a folder exists on all hosts and is the same one.
struct SharedFolder: Encodable, Equatable, Sendable {
  var path: String
  /// Hosts where it is not.
  var missingOn: [String] = []
  /// Hosts where another folder has its path.
  var differsOn: [String] = []
  /// Bytes that can be written there; nil where that is not known.
  var freeBytes: Int?

  /// Seconds in which a file has to be seen by other hosts: file servers are not quicker than that.
  private static let patience = 5.0

  private enum Sight: String { case same, missing, other, nothing }

  /// Rank 0 writes a file with a name that was never used, for the others to read, and then removes it. A collective;
  /// the result is rank 0's.
  ///
  /// - Parameter wanted: the folder that will be written to. If rank 0 does not have it, the nearest one above it is
  ///   looked at.
  /// - Returns: the folder, and what keeps rank 0 from writing there.
  static func look(
    at wanted: String, _ hosts: [HostFacts], _ communicator: Communicator
  ) throws -> (folder: SharedFolder, failure: Failure?) {
    communicator.position.place = "looking at the folder \(wanted)"
    let token = UUID().uuidString
    var (path, failure) = ("", Failure?.none)
    if communicator.rank == 0 {
      path = existing(wanted)
      do { try OutputFile.replace(path + "/.bt-dist-doctor-" + token, with: token) } catch {
        failure = error as? Failure ?? Failure(.cannotWrite, "\(error)")
        failure?.location = path
      }
    }
    let message = try communicator.broadcast((failure == nil ? "1" : "0") + token + path)
    path = String(message.dropFirst(token.count + 1))
    let file = path + "/.bt-dist-doctor-" + message.dropFirst().prefix(token.count)
    let looks = hosts.contains { $0.ranks[0] == communicator.rank } && communicator.rank > 0
    let sights = try communicator.allGather(
      (looks ? see(file, in: path, isThere: message.hasPrefix("1")) : .nothing).rawValue)
    var folder = SharedFolder(path: path)
    if communicator.rank == 0 {
      unlink(file)
      func on(_ sight: Sight) -> [String] { hosts.filter { sights[$0.ranks[0]] == sight.rawValue }.map(\.host) }
      folder.missingOn = on(.missing)
      folder.differsOn = on(.other)
      folder.freeBytes = FreeSpace.bytes(at: path)
    }
    return (folder, failure)
  }

  private static func existing(_ wanted: String) -> String {
    var url = URL(fileURLWithPath: wanted).standardizedFileURL
    var isFolder: ObjCBool = false
    while url.path != "/",
      !(FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue)
    {
      url.deleteLastPathComponent()
    }
    return url.path
  }

  private static func see(_ file: String, in folder: String, isThere: Bool) -> Sight {
    guard FileManager.default.fileExists(atPath: folder) else { return .missing }
    guard isThere else { return .nothing }
    let end = monotonicSeconds() + patience
    repeat {
      if FileManager.default.contents(atPath: file) != nil { return .same }
      usleep(100_000)
    } while monotonicSeconds() < end
    return .other
  }

  func findings(root: String) -> [Finding] {
    let remedy =
      "put it on a file system that all hosts share, at the same path; a run resumes from its checkpoints there, "
      + "whichever host rank 0 is on"
    var findings: [Finding] = []
    if !missingOn.isEmpty {
      findings.append(
        Finding(
          .folder, .error, "a folder is missing", at: missingOn.joined(separator: ", "),
          expected: "\(path), as on \(root)",
          found: "no such folder", remedy: remedy))
    }
    if !differsOn.isEmpty {
      findings.append(
        Finding(
          .folder, .error, "a folder is not the same on all hosts", at: differsOn.joined(separator: ", "),
          expected: "the files that \(root) writes to \(path)", found: "another folder at that path", remedy: remedy))
    }
    return findings
  }

  /// Whether there is room for a run's checkpoints.
  func finding(checkpointBytes: Int, kept: Int, host: String) -> Finding? {
    let needed = checkpointBytes * (kept + 1)
    guard let freeBytes, freeBytes < needed else { return nil }
    return Finding(
      .folder, .warning, "little room for checkpoints", at: "\(host), \(path)",
      expected: "\(SummaryText.bytes(needed)): \(kept + 1) of \(SummaryText.bytes(checkpointBytes))",
      found: SummaryText.bytes(freeBytes),
      remedy: "free space or quota there, choose another --out, or keep fewer "
        + "(--keep-checkpoints)")
  }
}
