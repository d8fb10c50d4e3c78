import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// In training, makes each number zero with the given probability, and scales up the others: `Dropout`.
  package struct Dropout: LayerWord {
    package static let name = "dropout"
    package static let example = "{dropout: 0.1}"
    package static let synonyms = ["dropoutd"]

    package let probability: Double

    init(_ probability: Double) { self.probability = probability }

    package init(_ reader: LayerReader) throws(Failure) {
      guard let number = reader[Self.name]?.double, 0 <= number, number < 1 else {
        throw reader.failure(Self.name, expected: "the probability of a zero, a number from 0 to below 1")
      }
      probability = number
    }

    package var json: JSONValue { object(.number(probability)) }

    package func build(_ builder: inout LayerBuilder) {
      builder.blockChannels()
      builder.append(Layers.Dropout(builder.name, probability: probability))
    }
  }

  /// `Dropout`, with the probability of a zero.
  public static func dropout(_ probability: Double) -> LayerSpecification { LayerSpecification(Dropout(probability)) }
}
