import Diagnostics
import JSON

extension ValueFormat {
  /// A value with parts: JSON5 on the command line, and the same lists and objects in a file.
  ///
  /// - Parameter remedy: how to mend a text that is not JSON5.
  /// - Parameter read: throws what is wrong inside the JSON, and where.
  package static func json(
    expected: String, remedy: String, toJSON: @escaping @Sendable (Value) -> JSONValue,
    read: @escaping @Sendable (JSONValue) throws(Failure) -> Value
  ) -> Self {
    let parse: @Sendable (String) throws(Failure) -> JSONValue = { (text) throws(Failure) in
      do throws(JSONSyntaxError) { return try JSONValue(json5: text) } catch {
        throw error.failure(expected: expected, found: "'\(text)'", remedy: remedy)
      }
    }
    return ValueFormat(
      placeholder: "JSON", expected: expected,
      fromText: { try? read(parse($0)) }, fromJSON: { try? read($0) }, toJSON: toJSON,
      explain: { value in
        do throws(Failure) {
          _ = try read(value.string.map(parse) ?? value)
        } catch {
          return error
        }
        return nil
      })
  }
}
