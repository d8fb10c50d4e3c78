import CommandLine
import Diagnostics
import FileSystem
import Foundation
import JSON

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
      fromText: { (try? table($0)).flatMap(accepts) }, fromJSON: accepts,
      toJSON: { .object($0.mapValues { .object($0.mapValues { .string($0) }) }) },
      remedy: { _ in "give a run's config.json, or the object kernel-table in it" },
      explain: { value in
        guard let text = value.string else { return nil }
        do throws(Failure) { _ = try table(text) } catch { return error }
        return nil
      })
  }

  /// The object that a text is or names.
  private static func table(_ text: String) throws(Failure) -> JSONValue {
    let isObject = text.drop(while: \.isWhitespace).hasPrefix("{")
    let value = isObject ? try object(text) : try file(text)
    guard case .object(let members) = value else { return value }
    let keys = ["kernel-table", "kernel_table", "kernels"].filter { members[$0] != nil }
    if keys.count > 1 {
      throw Failure(
        .usage, "there are two tables of kernels", at: isObject ? nil : text, expected: "one table",
        found: "the keys \(keys.joined(separator: ", "))", remedy: "keep one of them")
    }
    return keys.first.flatMap { members[$0] } ?? value
  }

  private static func object(_ text: String) throws(Failure) -> JSONValue {
    do { return try JSONValue(json5: text) } catch {
      throw error.failure(expected: "an object layer → direction → method")
    }
  }

  private static func file(_ path: String) throws(Failure) -> JSONValue {
    let bytes: Data
    do throws(Failure) { bytes = try Disk.contents(of: path) } catch {
      throw Failure(
        .usage, "the table of kernels cannot be read: \(error.message)", at: path,
        expected: "a JSON file that every rank can read",
        remedy: "give a run's config.json, or \(option: "kernel-table") none")
    }
    return try ConfigurationFile(path: path, bytes: bytes, expected: "an object layer → direction → method").value
  }
}
