import Files
import Foundation
import TestSupport
import Testing

/// `bt-dist embed`: features in the data set's order, the same bytes for any number of ranks, samples and element types.
@Suite struct EmbedTests {
  private static let side = 8
  private static let pixels = side * side
  private static let most = 1037

  /// A short run, and images as bytes, floats and doubles of the same values.
  private final class Material: Sendable {
    let folder: TemporaryFolder
    let images: [UInt8]

    init() throws {
      folder = try TemporaryFolder()
      images = randomBytes(EmbedTests.most * EmbedTests.pixels, seed: 11)
      let result = try Launch.run(
        "bt-dist",
        [
          "train", "--data", "synthetic:1x8x8,n=64", "--width", "16", "--proj-hidden-dim", "16", "--proj-output-dim",
          "24", "--batch-size", "16", "--max-epochs", "2", "--warmup-epochs", "0", "--out", folder.file("run"),
        ], ranks: nil)
      try #require(result.code == 0, "\(result.text)")
    }

    /// Writes images `range` as an array of NumPy's type and returns its specification.
    func data(_ range: Range<Int>, _ descr: String = "|u1") throws -> String {
      let name = "\(range)\(descr.dropFirst()).npy"
      let bytes = images[range.lowerBound * EmbedTests.pixels..<range.upperBound * EmbedTests.pixels]
      let floats = bytes.map { Float($0) / 255 }
      let elements: [UInt8] =
        switch descr {
        case "<f4": floats.withUnsafeBytes(Array.init)
        case "<f8": floats.map(Double.init).withUnsafeBytes(Array.init)
        default: Array(bytes)
        }
      let shape = [range.count, EmbedTests.side, EmbedTests.side]
      return "npy:" + (try folder.npy(name, shape, descr: descr, bytes: elements))
    }

    func embed(_ data: String, ranks: Int?) throws -> (bytes: [UInt8], file: NpyFile) {
      let out = folder.file(UUID().uuidString + ".npy")
      let result = try Launch.run(
        "bt-dist", ["embed", "--from", folder.file("run"), "--data", data, "--out", out], ranks: ranks)
      try #require(result.code == 0, "\(result.text)")
      return (try readBytes(out), try NpyFile(path: out))
    }
  }

  private static let material = Result { try Material() }

  @Test(arguments: [1, 63, 64, 65, most])
  func bytesDoNotDependOnRanks(samples: Int) throws {
    let material = try Self.material.get()
    let data = try material.data(0..<samples)
    let alone = try material.embed(data, ranks: nil)
    #expect(alone.file.shape == [samples, 128])
    for ranks in [1, 2, 3] { #expect(try material.embed(data, ranks: ranks).bytes == alone.bytes, "np \(ranks)") }
  }

  /// Row i is what sample i alone gives, and no other sample.
  @Test func rowsAreInTheDataSetsOrder() throws {
    let material = try Self.material.get()
    let all = try material.embed(try material.data(0..<Self.most), ranks: 3).file.floats()
    for i in [0, 1, 63, 64, 127, 128, 500, Self.most - 1] {
      let one = try material.embed(try material.data(i..<i + 1), ranks: nil).file.floats()
      let row = all[i * 128..<(i + 1) * 128]
      #expect(one.count == 128 && relativeError(row, to: one) < 1e-5, "row \(i)")
      let next = (i + 1) % Self.most
      #expect(relativeError(all[next * 128..<(next + 1) * 128], to: one) > 1e-3, "row \(i)")
    }
  }

  /// The same samples have the same features wherever the data set ends.
  @Test func rowsDoNotDependOnTheSamplesAfterThem() throws {
    let material = try Self.material.get()
    let all = try material.embed(try material.data(0..<Self.most), ranks: 2).file.floats()
    for samples in [1, 63, 65] {
      let some = try material.embed(try material.data(0..<samples), ranks: 2).file.floats()
      #expect(some == Array(all[..<some.count]), "\(samples) samples")
    }
  }

  @Test(arguments: ["<f4", "<f8"])
  func elementTypesGiveTheSameFeatures(descr: String) throws {
    let material = try Self.material.get()
    let bytes = try material.embed(try material.data(0..<130), ranks: nil).bytes
    #expect(try material.embed(try material.data(0..<130, descr), ranks: 2).bytes == bytes)
  }

  /// The second of two given views.
  @Test func eitherViewCanBeEmbedded() throws {
    let material = try Self.material.get()
    let (a, b) = (try material.data(0..<70), try material.data(70..<140))
    let pairs = "pairs:\(a.dropFirst(4)),\(b.dropFirst(4))"
    let out = material.folder.file("view2.npy")
    let result = try Launch.run(
      "bt-dist",
      ["embed", "--from", material.folder.file("run"), "--data", pairs, "--view", "2", "--out", out], ranks: 2)
    #expect(result.code == 0, "\(result.text)")
    #expect(try readBytes(out) == material.embed(b, ranks: nil).bytes)
    #expect(try readBytes(out) != material.embed(a, ranks: nil).bytes)
  }
}
