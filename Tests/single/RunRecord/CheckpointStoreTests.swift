import Configuration
import Files
import Foundation
import Optimization
import RunRecord
import Tensors
import TestSupport
import Testing

@Suite struct CheckpointStoreTests {
  private let folder: TemporaryFolder
  private let store: CheckpointStore
  private let values = AlignedBuffer(copying: normalNumbers(40, seed: 1))

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(runFolder: folder.path, keep: 3)
  }

  @discardableResult
  private func save(_ step: Int, in store: CheckpointStore? = nil) throws -> String {
    values.pointer[0] = Float(step)
    return try (store ?? self.store).save(
      CheckpointState(step: step, shards: 4, lossStart: 1.5, layout: "layout"),
      model: [NamedTensor(name: "w", shape: [4, 5], pointer: values.pointer)],
      optimizer: [NamedTensor(name: "moment.w", shape: [4, 5], pointer: values.pointer + 20)])
  }

  private func newest() -> (step: Int?, warnings: [String]) {
    var warnings: [String] = []
    let checkpoint = store.newestValid { warnings.append($0) }
    return (checkpoint?.step, warnings)
  }

  private func flipBit(_ file: String, at place: Int) throws {
    var bytes = try readBytes(file)
    bytes[place] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }

  @Test func whatIsSavedIsFound() throws {
    let path = try save(500)
    #expect(path == folder.file("checkpoints/step-00000500") && path == store.path(step: 500))
    let checkpoint = try #require(store.newestValid { Issue.record("\($0)") })
    #expect(checkpoint.path == path && checkpoint.step == 500)
    #expect(checkpoint.state == CheckpointState(step: 500, shards: 4, lossStart: 1.5, layout: "layout"))
    let model = try SafetensorsFile(path: checkpoint.modelPath)
    #expect(model.names == ["w"])
    #expect(try model.floats(of: "w") == Array(values.elements[..<20]))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
        "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json",
      ])
  }

  @Test func theStartMayBeUnknown() throws {
    _ = try store.save(CheckpointState(step: 0, shards: 1, lossStart: nil, layout: ""), model: [], optimizer: [])
    #expect(store.newestValid { _ in }?.state.lossStart == nil && newest().step == 0)
  }

  @Test func anEmptyOrMissingFolderHasNone() throws {
    #expect(newest().step == nil && newest().warnings.isEmpty && store.names().isEmpty)
    try folder.folder("checkpoints")
    #expect(newest().step == nil && newest().warnings.isEmpty)
  }

  @Test func stepsAreOrderedAsNumbers() throws {
    for step in [99_999_999, 100_000_000, 9] { try save(step) }
    #expect(store.names().map(\.description) == ["step-00000009", "step-99999999", "step-100000000"])
    #expect(newest().step == 100_000_000)
  }

  @Test(arguments: ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"])
  func aFlippedBitAnywhereIsSeen(file: String) throws {
    try save(1)
    try save(2)
    let path = store.path(step: 2) + "/" + file
    let count = try readBytes(path).count
    // Hidden in the middle of a number, so that only a digest can tell; in the manifest, in a digest.
    for place in [count - 1, count / 2, file == "manifest.json" ? count / 3 : 0] {
      try flipBit(path, at: place)
      let (step, warnings) = newest()
      // White space at the end of the manifest is the one thing that nothing depends on.
      let isIgnored = file == "manifest.json" && place == count - 1
      if !isIgnored {
        #expect(step == 1, "byte \(place)")
        #expect(warnings.count == 1 && warnings[0].contains("step-00000002"), "\(warnings)")
      }
      try flipBit(path, at: place)
      #expect(newest().step == 2 && newest().warnings.isEmpty)
    }
  }

  @Test(arguments: ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"])
  func aMissingOrShortFileIsSeen(file: String) throws {
    try save(1)
    try save(2)
    let path = store.path(step: 2) + "/" + file
    let bytes = try readBytes(path)
    try Data(bytes.dropLast(bytes.count / 2)).write(to: URL(fileURLWithPath: path))
    #expect(newest().step == 1 && newest().warnings.count == 1)
    try FileManager.default.removeItem(atPath: path)
    #expect(newest().step == 1 && newest().warnings.count == 1)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(newest().step == 1 && newest().warnings.count == 1)
    try FileManager.default.removeItem(atPath: store.path(step: 1))
    #expect(newest().step == nil)
  }

  @Test func aManifestMustNameEveryFile() throws {
    try save(1)
    try folder.write("checkpoints/step-00000001/manifest.json", #"{"format":1,"files":{}}"#)
    expectFailure(.data, "manifest", "model.safetensors") { _ = try Checkpoint(verifying: store.path(step: 1)) }
  }

  @Test func whatAKillLeftBehindIsIgnoredAndReplaced() throws {
    try save(1)
    let partial = try folder.folder("checkpoints/.step-00000002.partial")
    try folder.write("checkpoints/.step-00000002.partial/model.safetensors", "half")
    try folder.folder("checkpoints/.step-00000002.partial/other")
    // Names that are not steps.
    for name in ["step-", "step-x", "other"] { try folder.folder("checkpoints/" + name) }
    #expect(store.names().map(\.description) == ["step-00000001"] && newest().step == 1 && newest().warnings.isEmpty)
    try save(2)
    #expect(newest().step == 2 && newest().warnings.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: partial))
    // Nor is anything written through a link in its place.
    try folder.folder("outside")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("checkpoints/.step-00000003.partial"), withDestinationPath: "../outside")
    try save(3)
    #expect(newest().step == 3)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("outside")) == [])
  }

  @Test func savingAStepAgainReplacesIt() throws {
    try save(2)
    try flipBit(store.path(step: 2) + "/model.safetensors", at: 100)
    #expect(newest().step == nil)
    try save(2)
    #expect(newest().step == 2 && store.names().count == 1)
  }

  @Test func aFailureLeavesTheOlderCheckpointsAndNothingElse() throws {
    try save(1)
    let tensor = NamedTensor(name: "w", shape: [1], pointer: values.pointer)
    let state = CheckpointState(step: 2, shards: 1, lossStart: nil, layout: "")
    expectFailure(.defect, "'w'") { _ = try store.save(state, model: [tensor, tensor], optimizer: []) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder) == ["step-00000001"])
    #expect(newest().step == 1)
    try folder.write("file", "")
    let other = CheckpointStore(runFolder: folder.file("file"), keep: 1)
    expectFailure(.cannotWrite) { try save(1, in: other) }
  }

  // MARK: Old checkpoints

  /// At least two.
  @Test(arguments: [1, 2, 3, 10]) func theNewestStay(keep: Int) throws {
    let store = CheckpointStore(runFolder: folder.path, keep: keep)
    for step in 1...6 { try save(step * 10, in: store) }
    #expect(
      store.names().map(\.description) == (1...6).suffix(max(2, keep)).map { String(format: "step-%08d", $0 * 10) })
  }

  /// After damage, or a return to an older checkpoint, newer ones are there: what was just saved must not make way.
  @Test(arguments: [2, 3]) func whatWasJustSavedStays(keep: Int) throws {
    for step in [10, 20, 30] { try save(step) }
    for step in [20, 30] { try flipBit(store.path(step: step) + "/state.json", at: 5) }
    #expect(newest().step == 10)
    let small = CheckpointStore(runFolder: folder.path, keep: keep)
    #expect(FileManager.default.fileExists(atPath: try save(15, in: small)))
    #expect(newest().step == 15)
    try save(20, in: small)
    #expect(newest().step == 20)
    for step in [25, 35, 45] { try save(step, in: small) }
    #expect(small.names().count == keep && newest().step == 45)
  }

  // MARK: The best

  private func ranking(_ count: Int, _ mode: MetricMode = .min) -> CheckpointRanking? {
    var configuration = TrainingConfiguration()
    (configuration.saveTopK, configuration.monitorMode) = (count, mode)
    return CheckpointRanking(configuration)
  }

  /// Saves steps 10, 20, … with these values of `val_loss` (nil: not measured after that step) and says what stays.
  private func stay(_ values: [Double?], keep: Int, _ ranking: CheckpointRanking?) throws -> [Int] {
    let store = CheckpointStore(runFolder: folder.path, keep: keep, ranking: ranking)
    for (index, value) in values.enumerated() {
      var state = CheckpointState(step: 10 * (index + 1), shards: 1, lossStart: nil, layout: "")
      state.metrics = value.map { ["val_loss": $0, "loss": -$0] } ?? ["loss": 0]
      _ = try store.save(state, model: [], optimizer: [])
    }
    return store.names().map(\.step)
  }

  @Test func theBestStayBesideTheNewest() throws {
    let values: [Double?] = [3, 1, 2, nil, 1, 5, 4]
    #expect(try stay(values, keep: 2, ranking(2)) == [20, 50, 60, 70])
    #expect(folder.text("checkpoints/best.json").contains(#""monitor" : "val_loss""#))
    struct Table: Decodable {
      struct Entry: Decodable, Equatable { var checkpoint: String, step: Int, value: Double }
      var best: [Entry]
    }
    let table = try JSONDecoder().decode(Table.self, from: Data(folder.text("checkpoints/best.json").utf8))
    #expect(table.best.map(\.step) == [20, 50] && table.best.map(\.value) == [1, 1])
    #expect(table.best[0].checkpoint == "step-00000020")
  }

  @Test(arguments: [
    (3, MetricMode.min, [20, 30, 50, 60, 70]), (2, .max, [60, 70]), (-1, .min, [10, 20, 30, 50, 60, 70]),
  ])
  func numbersAndModes(_ count: Int, _ mode: MetricMode, _ expected: [Int]) throws {
    #expect(try stay([3, 1, 2, nil, 1, 5, 4], keep: 2, ranking(count, mode)) == expected)
  }

  @Test func withoutARankingNothingNamesTheBest() throws {
    #expect(ranking(0) == nil)
    _ = try stay([1], keep: 2, ranking(1))
    #expect(FileManager.default.fileExists(atPath: folder.file("checkpoints/best.json")))
    #expect(try stay([1, 2, 3], keep: 2, nil) == [20, 30])
    #expect(!FileManager.default.fileExists(atPath: folder.file("checkpoints/best.json")))
  }

  /// Lightning saves a checkpoint when its value is among the best: one equal to the worst is not.
  @Test func whetherAStateIsAmongTheBest() throws {
    _ = try stay([3, 1], keep: 5, ranking(2))
    let store = CheckpointStore(runFolder: folder.path, keep: 5, ranking: ranking(2))
    func isAmongBest(_ metrics: [String: Double]?, step: Int = 30) -> Bool {
      var state = CheckpointState(step: step, shards: 1, lossStart: nil, layout: "")
      state.metrics = metrics
      return store.isAmongBest(state)
    }
    #expect(isAmongBest(["val_loss": 2.9]) && isAmongBest(["val_loss": 0]))
    #expect(!isAmongBest(["val_loss": 3]) && !isAmongBest(["loss": 0]) && !isAmongBest(nil))
    // Back at an older step, those after it do not count.
    #expect(isAmongBest(["val_loss": 3], step: 15))
    #expect(!CheckpointStore(runFolder: folder.path, keep: 5).isAmongBest(store.newestValid { _ in }!.state))
  }

  @Test func whatTheRunKnowsComesBack() throws {
    var state = CheckpointState(step: 7, shards: 2, lossStart: 1 / 3, layout: "l")
    state.metrics = ["val_loss": 0.1 + 0.2]
    _ = try store.save(state, model: [], optimizer: [])
    #expect(try Checkpoint(verifying: store.path(step: 7)).state == state)
    #expect(try CheckpointState(json: state.json()) == state)
    // As older runs wrote it.
    let old = try CheckpointState(json: #"{"format":1,"step":7,"shards":2,"layout":"l"}"#)
    #expect(old.metrics == nil && old.epochLoss == nil && old.earlyStopping == nil)
  }
}
