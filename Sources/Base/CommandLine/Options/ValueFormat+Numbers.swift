import JSON

extension ValueFormat where Value: FixedWidthInteger & Sendable {
  /// An integer of at least `lower`, and at most `upper` if given.
  package static func integer(_ placeholder: String = "N", atLeast lower: Value, atMost upper: Value = .max) -> Self {
    let accepts: @Sendable (Value) -> Value? = { lower <= $0 && $0 <= upper ? $0 : nil }
    return ValueFormat(
      placeholder: placeholder,
      expected: upper == .max ? "an integer of at least \(lower)" : "an integer from \(lower) to \(upper)",
      fromText: { integer(text: $0).flatMap(accepts) }, fromJSON: { $0.integer(Value.self).flatMap(accepts) },
      toJSON: { .integer(Int128($0)) })
  }

  /// An integer as a file may have it, such as `1e2`, or with leading zeros, as scripts count.
  package static func integer(text: String) -> Value? { JSONValue(number: text)?.integer() ?? Value(text) }
}

extension ValueFormat where Value == Int? {
  /// A count of at least 1, or `none`, or -1, which means `endless`, as nidl spells it.
  package static func limit(endless: Int?, atLeast lower: Int = 1) -> Self {
    let count = ValueFormat.optional(.integer(atLeast: lower), or: "none")
    return ValueFormat(
      placeholder: count.placeholder, expected: "\(count.expected), or -1 for no limit",
      fromText: { ValueFormat<Int>.integer(text: $0) == -1 ? .some(endless) : count.fromText($0) },
      fromJSON: { $0 == .integer(-1) ? .some(endless) : count.fromJSON($0) },
      toJSON: { $0 == endless && endless != nil ? .integer(-1) : count.toJSON($0) })
  }
}

extension ValueFormat where Value == Double {
  /// A finite number of at least `lower`, and at most `upper` if given.
  package static func number(
    _ placeholder: String = "X", atLeast lower: Double = -.infinity, atMost upper: Double = .infinity
  ) -> Self {
    let accepts: @Sendable (Double) -> Double? = { $0.isFinite && lower <= $0 && $0 <= upper ? $0 : nil }
    let expected =
      switch (lower.isFinite, upper.isFinite) {
      case (true, true): "a number from \(shortText(lower)) to \(shortText(upper))"
      case (true, false): "a finite number of at least \(shortText(lower))"
      case (false, true): "a finite number of at most \(shortText(upper))"
      case (false, false): "a finite number"
      }
    return ValueFormat(
      placeholder: placeholder, expected: expected,
      fromText: { $0.contains(where: \.isNumber) ? Double($0).flatMap(accepts) : nil },
      fromJSON: { $0.double.flatMap(accepts) }, toJSON: { .number($0) })
  }
}

extension ValueFormat where Value == [Int] {
  /// One or more integers of at least `lower`: `1024,512` on the command line, a list in a file.
  package static func integers(_ placeholder: String = "N,N,...", atLeast lower: Int) -> Self {
    let accepts: @Sendable ([Int]) -> [Int]? = { $0.isEmpty || $0.contains { $0 < lower } ? nil : $0 }
    return ValueFormat(
      placeholder: placeholder,
      expected: "one or more integers of at least \(lower): 1024,512 as an option, [1024, 512] in a file",
      fromText: { text in
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { ValueFormat<Int>.integer(text: String($0.drop { $0 == " " })) }
        return numbers.count == parts.count ? accepts(numbers) : nil
      },
      fromJSON: { value in
        guard case .array(let elements) = value else { return nil }
        let numbers = elements.compactMap { $0.integer(Int.self) }
        return numbers.count == elements.count ? accepts(numbers) : nil
      },
      toJSON: { .array($0.map { .integer(Int128($0)) }) })
  }
}

/// A number for people: integers without a fraction.
package func shortText(_ value: Double) -> String {
  Int(exactly: value).map(String.init) ?? "\(value)"
}
