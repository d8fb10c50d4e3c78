import Foundation
import TestSupport
import Testing

/// Files of every kind that bt-dist reads, made wrong in many ways: each is read or refused in words. None crashes,
/// hangs, or takes the memory.
///
/// `launch/test --fuzz N` gives N inputs a kind, and a tenth of them to the program itself, with another seed each time.
@Suite struct FuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let requested = environment["BT_DIST_FUZZ"].flatMap { Int($0) }
  /// A fixed one, unless many are asked for. `BT_DIST_FUZZ_SEED` repeats what was printed.
  private static let seed =
    environment["BT_DIST_FUZZ_SEED"] ?? (requested == nil ? "18" : "\(UInt32.random(in: 0...UInt32.max))")

  /// Kinds of files, and how many inputs of each are tried when none are asked for: those of a run train a step each.
  private static let targets = [
    ("npy", 300), ("idx", 300), ("gzip", 300), ("safetensors", 300), ("configuration", 300), ("kernels", 300),
    ("run-configuration", 100), ("metrics", 100), ("launches", 60), ("best", 60), ("manifest", 60), ("state", 200),
    ("optimizer", 60),
  ]

  @Test(arguments: targets) func readers(_ target: String, _ count: Int) throws {
    try fuzz(target, Self.requested ?? count)
  }

  @Test(arguments: targets.map(\.0)) func program(_ target: String) throws {
    try fuzz(target, Self.requested.map { max(1, $0 / 10) } ?? 4, program: [RankCall("bt-dist", []).path])
  }

  private func fuzz(_ target: String, _ count: Int, program: [String] = []) throws {
    let folder = try TemporaryFolder()
    let arguments = [target, "\(count)", Self.seed, folder.path] + program
    let result = try Launch.run("fuzz-probe", arguments, ranks: nil, limit: max(300, 2 * Double(count)))
    let input = (try? folder.bytes("input")) ?? []
    // The last one, which a process that has crashed was reading.
    let last = Data(input.prefix(4000)).base64EncodedString()
    #expect(result.code == 0, "seed \(Self.seed), last input (base64): \(last)\n\(result.text)")
    if Self.requested != nil { print("seed \(Self.seed), \(result.output)", terminator: "") }
  }
}
