import Diagnostics
import JSON

/// Zeros around an image or volume: a number for both sides, or as many as keep its size.
package enum LayerPadding: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  case sizes(AxisSizes)
  /// PyTorch's `"same"`: for stride 1.
  case same

  package init(integerLiteral value: Int) { self = .sizes(.all(value)) }
  package init(arrayLiteral elements: Int...) { self = .sizes(.each(elements)) }

  /// From the key `padding`: also PyTorch's texts.
  init(_ reader: LayerReader) throws(Failure) {
    switch reader["padding"] {
    case .string("same"): self = .same
    case .string("valid"): self = 0
    case .string:
      throw reader.failure(
        "padding", expected: "same, valid, an integer from 0 to 1024, or a list of one for each direction")
    default: self = .sizes(try reader.sizes("padding", 0...1024, default: 0))
    }
  }

  var json: JSONValue {
    switch self {
    case .sizes(let sizes): sizes.json
    case .same: .string("same")
    }
  }

  /// A size for each direction of the builder's images.
  func sizes(kernel: [Int], stride: [Int], dilation: [Int], _ builder: LayerBuilder) throws(Failure) -> [Int] {
    if case .sizes(let sizes) = self { return try builder.sizes(sizes, "padding") }
    let none = kernel.map { _ in 0 }
    let reach = try builder.windows(kernel: kernel, stride: stride, padding: none, dilation: dilation).reach
    guard stride.allSatisfy({ $0 == 1 }), reach.allSatisfy({ $0 % 2 == 1 }) else {
      throw Failure(
        .usage, "padding 'same' does not fit this convolution", at: builder.place,
        expected: "stride 1, and a kernel that is odd or dilated by an even number",
        found: "stride \(builder.text(stride)), a kernel over \(builder.text(reach))",
        remedy: "give padding as a number")
    }
    return reach.map { $0 / 2 }
  }
}
