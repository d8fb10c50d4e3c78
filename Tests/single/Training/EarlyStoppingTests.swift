import Configuration
import Optimization
import RunRecord
import Testing
import Training

@Suite struct EarlyStoppingTests {
  private func stopping(_ change: (inout TrainingConfiguration) -> Void = { _ in }) throws -> EarlyStopping {
    var configuration = TrainingConfiguration()
    (configuration.earlyStopping, configuration.earlyStoppingPatience) = (.valLoss, 2)
    change(&configuration)
    return try #require(EarlyStopping(configuration))
  }

  /// How many values it takes until the run should end; nil if it should continue.
  private func end(_ values: [Double], _ stopping: EarlyStopping) -> Int? {
    var state: EarlyStoppingState?
    for (count, value) in values.enumerated() {
      stopping.observe([("loss", 0), ("val_loss", value)], &state)
      if stopping.reason(state) != nil { return count + 1 }
    }
    return nil
  }

  @Test(
    arguments: [
      ([3, 2, 1], nil), ([3, 3, 3], 3), ([3, 2, 2, 1, 1], nil), ([3, 2, 2, 1, 1, 1], 6), ([1, 2, 0.5, 2, 3], 5),
      ([.nan, .nan], 2), ([.infinity, 5, .nan, 4], nil), ([1, .infinity, .nan], 3),
    ] as [([Double], Int?)])
  func endsAfterPatience(_ values: [Double], _ expected: Int?) throws {
    #expect(end(values, try stopping()) == expected)
    // Mirrored.
    #expect(end(values.map { -$0 }, try stopping { $0.earlyStoppingMode = .max }) == expected)
  }

  /// At once is the first value that is no better.
  @Test(arguments: [0, 1]) func withoutPatience(patience: Int) throws {
    let stopping = try stopping { $0.earlyStoppingPatience = patience }
    #expect(end([3, 2, 1, 1], stopping) == 4 && end([3, 4], stopping) == 2 && end([3, 2, 1], stopping) == nil)
    #expect(end([.nan, 1], stopping) == 1)
  }

  @Test func betterByMoreThanTheDelta() throws {
    let stopping = try stopping { $0.earlyStoppingMinDelta = 0.5 }
    #expect(end([3, 2.5, 2.6], stopping) == 3)
    #expect(end([3, 2.49, 2.0, 1.98], stopping) == nil)
  }

  @Test func othersDoNotCountAndTheStateTellsWhose() throws {
    let (own, patient) = (try stopping(), try stopping { $0.earlyStoppingPatience = 3 })
    var state: EarlyStoppingState?
    own.observe([("loss", 1), ("val_loss_invariance", 1)], &state)
    #expect(state == nil)
    for value in [1.0, 2, 2] { own.observe([("val_loss", value)], &state) }
    #expect(own.reason(state) == "val_loss was not better than its best value, 1.0, 2 times in a row")
    // A run may continue with more patience, or with another metric.
    #expect(patient.reason(state) == nil)
    #expect(try stopping { $0.earlyStoppingMode = .max }.reason(state) == nil)
    #expect(try stopping { $0.earlyStopping = .loss }.reason(state) == nil)
    #expect(EarlyStopping(TrainingConfiguration()) == nil)
  }
}
