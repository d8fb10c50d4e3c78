import Diagnostics
import Testing

/// Messages name options as the shell does, as they do in `bt-dist`: for tests of what the command line's user reads.
package struct CommandLineSpelling: SuiteTrait, TestTrait, TestScoping {
  package let isRecursive = true

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await OptionSpelling.$override.withValue(.commandLine) { try await function() }
  }
}

extension Trait where Self == CommandLineSpelling {
  package static var commandLine: Self { Self() }
}
