import Foundation
import Tensors

/// The file that this process runs, even if another one has taken its place since.
enum RunningProgram {
  static let file = "/proc/self/exe"

  /// The digest of its bytes; read once.
  static let sha256 = Result { try SHA256.hex(ofFile: file) }

  static var path: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: file)) ?? "?" }
}
