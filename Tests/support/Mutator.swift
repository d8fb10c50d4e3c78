/// Makes wrong files of right ones: the same ones for the same seed.
package struct Mutator {
  package var random: SeededGenerator

  package init(seed: UInt64) { random = SeededGenerator(seed) }

  /// One change, or up to four: bits, bytes, numbers, pieces of syntax, parts that are missing or there twice.
  package mutating func mutate(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    let changes = Bool.random(using: &random) ? 1 : Int.random(in: 2...4, using: &random)
    for _ in 0..<changes { change(&bytes) }
    return bytes
  }

  /// A whole number below `count`, which is at least 1.
  package mutating func choose(below count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  private mutating func change(_ bytes: inout [UInt8]) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    let part = place..<min(bytes.count, place + Int.random(in: 0...40, using: &random))
    switch Int.random(in: 0..<10, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.insert(contentsOf: Array(Self.pieces.randomElement(using: &random)!.utf8), at: place)
    case 3: bytes.removeSubrange(part)
    case 4: bytes.insert(contentsOf: Array(bytes[part]), at: Int.random(in: 0...bytes.count, using: &random))
    case 5, 6, 7: replaceNumber(&bytes)
    case 8: overwriteInteger(&bytes)
    default: bytes = Array(bytes.prefix(place))
    }
  }

  /// Another number in the place of one that is there in digits, in about the first 4 KiB.
  private mutating func replaceNumber(_ bytes: inout [UInt8]) {
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    let digits = bytes.indices.prefix(4096).filter { isDigit(bytes[$0]) }
    guard let first = digits.randomElement(using: &random) else { return }
    var (start, end) = (first, first)
    while start > 0, isDigit(bytes[start - 1]) { start -= 1 }
    while end < bytes.count, isDigit(bytes[end]) { end += 1 }
    bytes.replaceSubrange(start..<end, with: Array(Self.numbers.randomElement(using: &random)!.utf8))
  }

  /// An integer of one to eight bytes at an edge, near the beginning, where headers have theirs.
  private mutating func overwriteInteger(_ bytes: inout [UInt8]) {
    let edges: [UInt64] = [
      0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 62, 1 << 63, .max,
    ]
    let value = edges.randomElement(using: &random)!
    let width = [1, 2, 4, 8].randomElement(using: &random)!
    let isBigEndian = Bool.random(using: &random)
    let place = Int.random(in: 0...min(64, bytes.count), using: &random)
    for index in 0..<width where place + index < bytes.count {
      let byte = isBigEndian ? width - 1 - index : index
      bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
    }
  }

  /// Numbers at which arithmetic goes wrong.
  private static let numbers = [
    "0", "-1", "-0", "1e9", "1.5", "1e400", "4294967296", "9223372036854775806", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "-9223372036854775808", "99999999999999999999999999", "1e-320",
    "null", "true", "\"1\"", "\"nan\"", "\"-inf\"", "[]", "{}", "00", "0x10", "NaN", "2147483648", "65536", "1e2",
  ]
  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "\\\n", "/*", "//", "\\u0000", "\\ud800", "\\ud83d\\ude00",
    "\u{0}", "\u{7F}", "\u{1B}[31m", "ÿ", "\u{202E}", "\"step\":", "\"format\":2", " ", "\n", "\r",
    String(repeating: "[", count: 5000), String(repeating: "{\"a\":", count: 5000), String(repeating: "9", count: 3000),
    String(repeating: " ", count: 70000),
  ]
}
