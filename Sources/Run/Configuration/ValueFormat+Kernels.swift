import CommandLine
import Diagnostics
import FileSystem
import Foundation

extension ValueFormat<[String: [String: String]]> {
  /// Layer → direction → method: in a file an object; on the command line the path of a JSON file that holds one, alone or
  /// under the key `kernel-table` as a run's `config.json` does, or the object itself.
  static var kernels: Self {
    let accepts: @Sendable (JSONValue) -> [String: [String: String]]? = { value in
      guard case .object(let layers) = value else { return nil }
      var table: [String: [String: String]] = [:]
      for (layer, value) in layers {
        guard case .object(let directions) = value else { return nil }
        for (direction, method) in directions {
          guard case .string(let word) = method else { return nil }
          table[layer, default: [:]][direction] = word
        }
      }
      return table
    }
    return ValueFormat(
      placeholder: "FILE", expected: "a JSON file with an object layer → direction → method, or that object",
      fromText: { (try? json($0)).flatMap(accepts) }, fromJSON: accepts,
      toJSON: { .object($0.mapValues { .object($0.mapValues { .string($0) }) }) },
      remedy: { _ in "give a run's config.json, or the object kernel-table in it" },
      explain: { value in
        guard case .string(let text) = value else { return nil }
        do throws(Failure) { _ = try json(text) } catch { return error }
        return nil
      })
  }

  /// The object that a text is or names.
  private static func json(_ text: String) throws(Failure) -> JSONValue {
    let isObject = text.drop(while: \.isWhitespace).hasPrefix("{")
    let bytes: Data
    do throws(Failure) { bytes = try isObject ? Data(text.utf8) : Disk.contents(of: text) } catch {
      throw Failure(
        .usage, "the table of kernels cannot be read: \(error.message)", at: text,
        expected: "a JSON file that every rank can read",
        remedy: "give a run's config.json, or \(option: "kernel-table") none")
    }
    guard let value = JSONValue(json5: bytes), case .object(let members) = value else {
      throw Failure(
        .usage, "the table of kernels is not a JSON5 object", at: isObject ? nil : text,
        expected: "an object layer → direction → method",
        remedy: "look for a missing comma, quote or brace")
    }
    return members["kernel-table"] ?? members["kernels"] ?? value
  }
}
