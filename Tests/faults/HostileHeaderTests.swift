import Diagnostics
import Files
import Foundation
import Host
import TestSupport
import Testing

/// safetensors files made to do harm: each is read, or refused in words; none crashes, hangs or takes the memory.
@Suite struct HostileHeaderTests {
  /// A good file: its bytes, and where its header ends.
  private struct Model {
    let bytes: [UInt8]
    let headerEnd: Int

    init(_ path: String) throws {
      bytes = try readBytes(path)
      headerEnd = 8 + bytes[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    }
  }

  /// Numbers at which arithmetic goes wrong.
  private static let numbers = [
    "0", "-1", "1e9", "1.5", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "-9223372036854775808", "99999999999999999999999999", "null", "true", "\"1\"", "[]", "{}", "00", "0x10", "NaN",
  ]
  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\ud83d\\ude00", "\u{0}", "\u{7F}", "ÿ",
    "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "\"F64\"", "\"BOOL\"", " ", "\n",
    String(repeating: "[", count: 5000), String(repeating: "{\"a\":", count: 5000), String(repeating: "9", count: 3000),
  ]

  /// One to four changes of the header; its length follows in most of them.
  private static func mutate(_ model: Model, _ random: inout SeededGenerator) -> [UInt8] {
    var header = Array(model.bytes[8..<model.headerEnd])
    var body = Array(model.bytes[model.headerEnd...])
    func place(_ random: inout SeededGenerator) -> Int { Int.random(in: 0...header.count, using: &random) }
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let (a, b) = (place(&random), place(&random))
      let range = min(a, b)..<min(max(a, b), min(a, b) + Int.random(in: 0...40, using: &random))
      switch Int.random(in: 0..<9, using: &random) {
      case 0 where a < header.count: header[a] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1 where a < header.count: header[a] = UInt8.random(in: 0...255, using: &random)
      case 2: header.insert(contentsOf: Array(pieces.randomElement(using: &random)!.utf8), at: a)
      case 3: header.removeSubrange(range)
      case 4: header.insert(contentsOf: Array(header[range]), at: place(&random))
      case 5, 6:
        // Another number in the place of one.
        let digits = header.indices.filter { header[$0] >= 0x30 && header[$0] <= 0x39 }
        guard let first = digits.randomElement(using: &random) else { break }
        var end = first
        while end < header.count, header[end] >= 0x30, header[end] <= 0x39 { end += 1 }
        header.replaceSubrange(first..<end, with: Array(numbers.randomElement(using: &random)!.utf8))
      case 7: body.removeLast(Int.random(in: 0...body.count, using: &random))
      default: header = Array(header.prefix(a))
      }
    }
    var length = UInt64(header.count)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: length = UInt64.random(in: 0...UInt64(2 * header.count), using: &random)
    case 1: length = [0, 1, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max].randomElement(using: &random)!
    default: break
    }
    return withUnsafeBytes(of: length.littleEndian, Array.init) + header + body
  }

  /// The largest memory of this process so far, in bytes.
  private static var peak: Int { ProcessMemory.peak ?? 0 }

  private func makeModel(_ folder: TemporaryFolder) throws -> (path: String, Model) {
    let run = try SmallRun(steps: 3, out: folder.file("run"))
    let result = try run.finish(ranks: nil)
    try #require(result.code == 0, "\(result.text)")
    let path = run.result.checkpoint(3) + "/model.safetensors"
    return (path, try Model(path))
  }

  @Test func mutatedHeaders() throws {
    let folder = try TemporaryFolder()
    let (_, model) = try makeModel(folder)
    let count = FaultSelection.isFull ? 10_000 : 1500
    var random = SeededGenerator(FaultSelection.seed)
    var (readable, refused, slowest) = (0, 0, 0.0)
    let before = Self.peak
    for _ in 0..<count {
      let start = DispatchTime.now()
      let path = try folder.write("x.safetensors", Self.mutate(model, &random))
      do {
        let file = try SafetensorsFile(path: path)
        for entry in file.entries {
          if let floats = try? file.floats(of: entry.name, converting: true) { #expect(floats.count == entry.count) }
        }
        readable += 1
      } catch let failure as Failure where failure.kind == .data {
        refused += 1
      }
      slowest = max(slowest, Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9)
    }
    let grown = (Self.peak - before) >> 20
    #expect(readable + refused == count && refused > count / 2)
    #expect(grown < 256 && slowest < 5)
    FaultTable.add(
      .init(
        name: "hostile safetensors headers", injected: "\(count) mutated ones, seed \(FaultSelection.seed)",
        expected: "read or refused; no crash, hang or large allocation",
        seen: "\(readable) read, \(refused) refused; slowest \(Int(1e3 * slowest)) ms, \(grown) MiB more memory",
        passed: readable + refused == count && grown < 256 && slowest < 5))
  }

  @Test(.enabled(if: FaultSelection.isFull)) func mutatedHeadersOnTheCommandLine() throws {
    let folder = try TemporaryFolder()
    let (_, model) = try makeModel(folder)
    var random = SeededGenerator(FaultSelection.seed &+ 1)
    var codes: [String] = []
    for index in 0..<40 {
      let path = try folder.write("x.safetensors", Self.mutate(model, &random))
      let run = try SmallRun(steps: 1)
      let arguments = index % 2 == 0 ? ["inspect", path] : run.arguments(["--init", path])
      let result = try Launch.run("bt-dist", arguments, ranks: nil, limit: 30)
      #expect(result.code == 0 || (result.code == 65 && result.errors.contains("x.safetensors")), "\(result.text)")
      codes.append("exit \(result.code)")
    }
    FaultTable.add(
      .init(
        name: "hostile safetensors headers", injected: "40 through inspect and --init", expected: "exit 0 or 65",
        seen: Fault.counts(codes.sorted()), passed: codes.allSatisfy { $0 == "exit 0" || $0 == "exit 65" }))
  }
}
