/// Failures of checks that do not depend on one another, so that all are reported at once.
///
/// A check that needs what a failed one should have given is left out by its caller: consequences of a mistake are no
/// mistakes.
package struct FailureCollector {
  /// In the order in which they were found, each once.
  package private(set) var failures: [Failure] = []

  package init() {}

  package var isEmpty: Bool { failures.isEmpty }

  /// Keeps a failure, or the parts of one that has several.
  package mutating func add(_ failure: Failure) {
    for part in failure.all where !failures.contains(part) {
      failures.append(part)
    }
  }

  /// What a check gives; nil if it throws, and then the failure is kept.
  @discardableResult
  package mutating func attempt<Result>(_ check: () throws -> Result) -> Result? {
    do { return try check() } catch {
      add(error as? Failure ?? Failure(.defect, "\(error)"))
      return nil
    }
  }

  /// Throws one failure for all that were kept, if there were any.
  package func end() throws(Failure) {
    if let failure = Failure(failures) { throw failure }
  }
}

extension Failure {
  /// One failure for several: of kind `.usage` if one of them is, else of the kind of the first. nil for none, and a
  /// single one as it is.
  package init?(_ failures: [Failure]) {
    guard let first = failures.first else { return nil }
    self = first
    guard failures.count > 1 else { return }
    let kind = failures.contains { $0.kind == .usage } ? Kind.usage : first.kind
    self = Failure(kind, "\(failures.count) things are wrong")
    parts = failures
  }
}
