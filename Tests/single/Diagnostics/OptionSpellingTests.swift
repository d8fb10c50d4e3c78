import Configuration
import Diagnostics
import TestSupport
import Testing

/// Programs and the shell read of an option under the name that they use.
@Suite struct OptionSpellingTests {
  private func failure(_ change: (inout TrainingConfiguration) -> Void) -> Failure? {
    var configuration = TrainingConfiguration()
    configuration.maxEpochs = 1
    configuration.batchSize = 256
    change(&configuration)
    do throws(Failure) { try configuration.validate() } catch { return error }
    return nil
  }

  @Test func aProgramReadsOfProperties() {
    #expect(failure { $0.batchSize = 0 }?.location == "batchSize")
    let shards = failure { $0.shards = 3 }
    #expect(shards?.remedy == "give batchSize 255 or batchSize 258")
    #expect(OptionSpelling.program.name("warmup-start-lr") == "warmupStartLr")
  }

  @Test(.commandLine) func theShellReadsOfOptions() {
    #expect(failure { $0.batchSize = 0 }?.location == "--batch-size")
    #expect(failure { $0.shards = 3 }?.remedy == "give --batch-size 255 or --batch-size 258")
  }

  /// Every option's name in a program is that of a property.
  @Test func everyOptionIsAProperty() {
    let properties = Set(Mirror(reflecting: TrainingConfiguration()).children.compactMap(\.label))
    let names = TrainingConfiguration.command.options.map { OptionSpelling.program.name($0.name) }
    #expect(names.filter { !properties.contains($0) } == [])
    #expect(Set(names).count == properties.count)
  }
}
