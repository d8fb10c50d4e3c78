import Foundation
import TestSupport
import Testing

/// A run folder that cannot be made: the reason reaches the user, with exit code 73.
@Suite struct RefusedFolderTests {
  static let call = [
    "train", "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim", "8", "--data",
    "synthetic:20,n=64", "--augment", "noise=0.1", "--batch-size", "32", "--max-epochs", "1", "--warmup-epochs", "0",
  ]

  @Test func theReasonReachesTheUser() throws {
    let folder = try TemporaryFolder()
    try folder.write("file", "")
    try FileManager.default.createSymbolicLink(atPath: folder.file("loop"), withDestinationPath: "loop")
    let reasons = [
      ("file/run", "Not a directory"), ("loop/run", "Too many levels of symbolic links"),
      (String(repeating: "n", count: 256), "File name too long"),
    ]
    for (name, reason) in reasons {
      let result = try Launch.run("bt-dist", Self.call + ["--out", folder.file(name)], ranks: nil)
      #expect(
        result.code == 73 && result.errors.contains(reason) && result.errors.contains("remedy:"), "\(result.text)")
      #expect(!result.errors.contains("Input/output error") && !result.errors.contains("NSCocoa"), "\(result.text)")
    }
  }
}
