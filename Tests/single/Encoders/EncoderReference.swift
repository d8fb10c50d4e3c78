import Configuration
import Encoders
import Foundation
import TestSupport

/// `Tests/fixtures/encoders.json`: what torchvision's and nidl's own classes hold and compute.
struct EncoderReference: Decodable {
  struct State: Decodable, CustomStringConvertible {
    let encoder: String
    let arguments: Arguments
    let count: Int
    let sha256: String
    /// The digest of the names of parameters that start as zeros.
    let zeros: String
    /// Of the first values of large parameters.
    let deviations: [String: Double]
    var description: String { "\(encoder) \(arguments.json)" }
  }

  struct Case: Decodable, CustomStringConvertible {
    struct Errors: Decodable {
      let outputs, evaluation, gradients: Double
    }
    let encoder: String
    let arguments: Arguments
    let shape: [Int]
    /// Samples of a view.
    let batch: Int
    let salt: Int
    /// The first features of view 1's and view 2's samples, in training mode.
    let outputs: [[Double]]
    let evaluation: [Double]
    /// Sum and norm of each parameter's gradient.
    let gradients: [String: [Double]]
    let errors: Errors
    var description: String { "\(encoder) \(arguments.json)" }

    enum CodingKeys: String, CodingKey {
      case encoder, arguments, shape, batch, salt, outputs, evaluation, gradients
      case errors = "float32_error"
    }
  }

  /// Keyword arguments as the JSON that `--encoder-kwargs` takes.
  struct Arguments: Decodable {
    let json: String

    init(from decoder: any Decoder) throws {
      let values = try decoder.singleValueContainer().decode([String: Argument].self)
      json =
        "{" + values.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value.json)" }.joined(separator: ", ") + "}"
    }
  }

  private struct Argument: Decodable {
    let json: String

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let flag = try? value.decode(Bool.self) {
        json = "\(flag)"
      } else if let number = try? value.decode(Double.self) {
        json = "\(number)"
      } else if let text = try? value.decode(String.self) {
        json = "\"\(text)\""
      } else {
        json = "[" + (try value.decode([Argument].self)).map(\.json).joined(separator: ", ") + "]"
      }
    }
  }

  let states: [State]
  let cases: [Case]

  static let file: EncoderReference = {
    let data = try! Data(contentsOf: URL(fileURLWithPath: Fixture.path("encoders.json")))
    return try! JSONDecoder().decode(EncoderReference.self, from: data)
  }()

  /// The encoder that the command line makes of a name and keywords.
  static func encoder(_ name: String, _ arguments: Arguments, sampleShape: [Int], mlp: [Int]) throws -> Encoder {
    let configuration = try parseTrain([
      "--out", "a", "--encoder", name, "--encoder-kwargs", arguments.json, "--stem", "imagenet",
      "--mlp-hidden", mlp.map(String.init).joined(separator: ","),
    ])
    return try ConfiguredNetwork(configuration.options, sampleShape: sampleShape).encoder()
  }

  /// The fixture's numbers: uniform in [−1, 1), 24 bits, a function of a name and a place (SplitMix64's finaliser).
  static func numbers(_ name: String, _ count: Int) -> [Float] {
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return (0..<count).map { place in
      var x = hash &+ UInt64(place + 1) &* 0x9E37_79B9_7F4A_7C15
      x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
      x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
      x ^= x >> 31
      return Float(Double(x >> 40) / Double(1 << 23) - 1)
    }
  }
}
