import BarlowTwinsDistributed
import Configuration
import DataParallel
import Datasets
import MPI
import TestSupport
import Testing

/// Samples that are finite, and for which the network gives no finite numbers, in a program of one's own.
@Suite struct NotFiniteTests {
  private static func model() throws -> BarlowTwins {
    var options = TrainingConfiguration()
    (options.encoder, options.mlpHidden, options.projHiddenDim, options.projOutputDim) = (.mlp, [16, 6], 16, 24)
    (options.batchSize, options.shards, options.augment, options.lrScheduler) = (32, 2, "noise=0.2", .none)
    (options.maxSteps, options.enableProgressBar, options.enableModelSummary) = (1, false, false)
    let model = BarlowTwins(options, try Communicator.join())
    try model.fit(MemoryDataset(views: [normalNumbers(32 * 12, seed: 1)], sampleShape: [12]))
    return model
  }

  /// Rows of which one is as large as float32 goes, as the background of some volumes is.
  private static func rows(_ count: Int, bad: Int, seed: UInt64) -> [Float] {
    var values = normalNumbers(count * 12, seed: seed)
    for i in bad * 12..<(bad + 1) * 12 { values[i] = -3.4028235e38 }
    return values
  }

  @Test(arguments: [0, 63, 64, 69]) func transformNamesTheSample(bad: Int) throws {
    let data = try MemoryDataset(views: [Self.rows(70, bad: bad, seed: 2)], sampleShape: [12], name: "volumes")
    let failure = #expect(throws: AgreedFailure.self) { _ = try Self.model().transform(data) }
    #expect(failure?.failure.kind == .data)
    #expect(failure?.failure.location?.hasPrefix("volumes, sample \(bad), feature ") == true, "\(failure as Any)")
    #expect(failure?.failure.found?.contains("3.4028235e+38") == true)
  }

  @Test func validationStepNamesTheSample() throws {
    let views = [normalNumbers(32 * 12, seed: 3), Self.rows(32, bad: 21, seed: 4)]
    let data = try MemoryDataset(views: views, sampleShape: [12], name: "pairs")
    let failure = #expect(throws: AgreedFailure.self) { _ = try Self.model().validationStep(data) }
    #expect(failure?.failure.kind == .data)
    #expect(failure?.failure.location?.hasPrefix("pairs, sample 21") == true, "\(failure as Any)")
  }
}
