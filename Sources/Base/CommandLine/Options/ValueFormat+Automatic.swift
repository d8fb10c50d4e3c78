extension ValueFormat {
  /// Like `format`, with `auto` for nil on the command line and in files: a value that the program chooses. `null` in a
  /// file means the same.
  package static func automatic<Wrapped>(_ format: ValueFormat<Wrapped>) -> ValueFormat where Value == Wrapped? {
    let optional = ValueFormat.optional(format, or: "auto")
    return ValueFormat(
      placeholder: optional.placeholder, expected: optional.expected, fromText: optional.fromText,
      fromJSON: optional.fromJSON, toJSON: { $0.map(format.toJSON) ?? .string("auto") }, remedy: optional.remedy,
      explain: optional.explain)
  }
}
