import Diagnostics
import Foundation

/// What `bt-dist doctor --json` has printed.
package struct Diagnosed {
  package struct Finding {
    package let check, severity, message, remedy: String
    package let location, expected: String?
    /// Empty where nothing is said.
    package let found: String
  }

  package let json: [String: Any]
  package let findings: [Finding]
  package let code: Int32
  /// For messages of failed expectations.
  package let text: String

  package var errors: [Finding] { findings.filter { $0.severity == "error" } }

  package init(_ result: LaunchResult) throws {
    (code, text) = (result.code, result.text)
    guard let json = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
      let list = json["findings"] as? [[String: String]]
    else { throw Failure(.defect, "this is no JSON of the doctor's", found: result.text) }
    self.json = json
    findings = list.map {
      Finding(
        check: $0["check"] ?? "", severity: $0["severity"] ?? "", message: $0["message"] ?? "",
        remedy: $0["remedy"] ?? "", location: $0["location"], expected: $0["expected"], found: $0["found"] ?? "")
    }
  }

  /// The finding of this kind, which must be the only one except for notes.
  package func only(_ check: String, _ severity: String) throws -> Finding {
    let serious = findings.filter { $0.severity != "note" }
    guard serious.count == 1, serious[0].check == check, serious[0].severity == severity, !serious[0].remedy.isEmpty
    else {
      throw Failure(.defect, "not one finding, a \(severity) of \(check)", found: text)
    }
    return serious[0]
  }
}
