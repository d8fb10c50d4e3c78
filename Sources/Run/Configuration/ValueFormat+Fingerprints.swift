import CommandLine

extension ValueFormat<String> {
  /// Fingerprints of data, or at least eight of their first digits, separated by commas.
  static var fingerprints: Self {
    let accepts: @Sendable (String) -> String? = { text in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let areAll = parts.allSatisfy { (8...64).contains($0.utf8.count) && $0.utf8.allSatisfy(isDigit) }
      return areAll ? text : nil
    }
    return ValueFormat(
      placeholder: "FINGERPRINT[,...]", expected: "8 to 64 hexadecimal digits, as the error has them",
      fromText: accepts,
      fromJSON: { if case .string(let text) = $0 { accepts(text) } else { nil } }, toJSON: { .string($0) })
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
