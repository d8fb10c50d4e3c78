import BarlowTwinsDistributed
import TestSupport
import Testing

/// A run folder that `fit` resumes is trained on the data set that it was begun with, whatever its name.
@Suite(.serialized) struct FitDataTests {
  private let communicator: Communicator
  private let folder: TemporaryFolder

  init() throws { (communicator, folder) = (try Communicator.join(), try TemporaryFolder()) }

  private func model(steps: Int, accepting fingerprint: String? = nil) -> BarlowTwins {
    var options = TrainingConfiguration()
    options.encoder = .mlp
    options.mlpHidden = [16, 6]
    options.projHiddenDim = 16
    options.projOutputDim = 24
    options.batchSize = 32
    options.augment = "noise=0.2"
    options.lrScheduler = .none
    options.maxSteps = steps
    options.enableProgressBar = false
    options.enableModelSummary = false
    options.out = folder.file("run")
    options.acceptData = fingerprint
    return BarlowTwins(options, communicator)
  }

  private func table(seed: UInt64, name: String = "memory") throws -> MemoryDataset {
    try MemoryDataset(views: [normalNumbers(64 * 12, seed: seed)], sampleShape: [12], name: name)
  }

  @Test func otherDataMustBeMeant() throws {
    try model(steps: 2).fit(table(seed: 1))
    try model(steps: 4).fit(table(seed: 1, name: "the same under another name"))
    let other = try table(seed: 2)
    let failure = try #require(throws: AgreedFailure.self) { try model(steps: 6).fit(other) }.failure
    #expect(failure.kind == .data && failure.remedy?.contains("acceptData") == true, "\(failure)")
    let accepting = model(steps: 6, accepting: try other.fingerprint())
    try accepting.fit(other)
    #expect(accepting.step == 6)
    let validated = try #require(throws: AgreedFailure.self) {
      try model(steps: 8).fit(other, validation: table(seed: 3))
    }.failure
    #expect(validated.kind == .usage, "\(validated)")
  }
}
