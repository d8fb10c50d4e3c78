import Foundation

/// The file that this process runs, even if another one has taken its place since.
package enum RunningProgram {
  static let file = "/proc/self/exe"

  /// The digest of its bytes; read once.
  package static let sha256 = Result { try SHA256.hex(ofFile: file) }

  package static var path: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: file)) ?? "?" }
}
