import JSON

/// One size for all directions of an image or volume, or one for each: height and width, or depth, height and width.
public enum AxisSizes: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  case all(Int)
  case each([Int])

  public init(integerLiteral value: Int) { self = .all(value) }
  public init(arrayLiteral elements: Int...) { self = .each(elements) }

  /// A size for each of `directions`; nil if there are sizes for another number of them.
  public func sizes(_ directions: Int) -> [Int]? {
    switch self {
    case .all(let size): [Int](repeating: size, count: directions)
    case .each(let sizes): sizes.count == directions ? sizes : nil
    }
  }

  var json: JSONValue {
    switch self {
    case .all(let size): .integer(Int128(size))
    case .each(let sizes): .array(sizes.map { .integer(Int128($0)) })
    }
  }
}

extension AxisSizes: CustomStringConvertible {
  /// `3` or `[3, 1]`.
  public var description: String { json.description }
}
