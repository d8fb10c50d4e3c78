import Diagnostics
import JSON

/// Values of the usual kinds. A missing value without a default, and one of the wrong kind or range, are usage
/// failures.
extension LayerReader {
  func integer(_ key: String, _ range: ClosedRange<Int>, default value: Int? = nil) throws(Failure) -> Int {
    if let value, self[key] == nil { return value }
    guard let number = self[key]?.integer(Int.self), range.contains(number) else {
      throw failure(key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func flag(_ key: String, default value: Bool) throws(Failure) -> Bool {
    guard let json = self[key] else { return value }
    guard case .bool(let flag) = json else { throw failure(key, expected: "true or false") }
    return flag
  }

  /// A number for all directions, or a list with one for each.
  func sizes(_ key: String, _ range: ClosedRange<Int>, default value: AxisSizes? = nil) throws(Failure) -> AxisSizes {
    if let value, self[key] == nil { return value }
    let expected = "an integer from \(range.lowerBound) to \(range.upperBound), or a list of one for each direction"
    switch self[key] {
    case .array(let values)?:
      let numbers = values.compactMap { $0.integer(Int.self) }.filter(range.contains)
      guard numbers.count == values.count, (2...3).contains(numbers.count) else {
        throw failure(key, expected: expected)
      }
      return .each(numbers)
    case let json?:
      guard let number = json.integer(Int.self), range.contains(number) else { throw failure(key, expected: expected) }
      return .all(number)
    case nil: throw failure(key, expected: expected)
    }
  }

  /// A list of layers inside this one.
  func layers(_ key: String) throws(Failure) -> [LayerSpecification] {
    guard let list = self[key] else { throw failure(key, expected: "a list of layers") }
    return try LayerSpecification.parse(list, at: "\(place).\(key)")
  }
}
