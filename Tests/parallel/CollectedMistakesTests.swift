import TestSupport
import Testing

/// What is wrong with options and data is one message, on one rank and on several.
@Suite struct CollectedMistakesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [nil, 2] as [Int?])
  func optionsAndDataTogether(ranks: Int?) throws {
    let result = try Launch.run(
      "bt-dist",
      [
        "train", "--batchsize", "8", "--lambd", "x", "--data", "npy:/no-such.npy", "--val-data", "sinthetic:3",
        "--out", folder.file("run"),
      ], ranks: ranks)
    expectOneMessage(
      result, 64,
      says: ["4 things are wrong", "did you mean --batch-size?", "--lambd", "/no-such.npy", "did you mean synthetic?"])
  }

  @Test func dataAlone() throws {
    let result = try Launch.run(
      "bt-dist",
      ["train", "--data", "npy:/no-such.npy", "--val-data", "npy:/nor-this.npy", "--out", folder.file("run")],
      ranks: nil)
    expectOneMessage(result, 65, says: ["2 things are wrong", "/no-such.npy", "/nor-this.npy"])
  }

  /// Batch, validation data, encoder and recipe do not fit the samples.
  @Test func combinations() throws {
    let result = try Launch.run(
      "bt-dist",
      [
        "train", "--data", "synthetic:12,n=64", "--val-data", "synthetic:12,n=20", "--encoder", "resnet18", "--augment",
        "flip", "--batch-size", "100", "--out", folder.file("run"),
      ], ranks: nil)
    expectOneMessage(
      result, 64,
      says: [
        "4 things are wrong", "takes images", "'flip' is for images", "larger than the data set",
        "do not fill one batch",
      ])
  }
}
