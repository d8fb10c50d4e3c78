import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct DataSpecTests {
  func values(_ dataset: any Dataset, _ range: Range<Int>) throws -> [Float] {
    var values = [Float](repeating: -1, count: range.count * dataset.sampleSize)
    try values.withUnsafeMutableBufferPointer { try dataset.readRange(range, into: $0.baseAddress!) }
    return values
  }

  @Test func unknownKinds() {
    expectFailure(.usage, "'fasion-mnist'", "did you mean fashion-mnist?") { _ = try DataSpec.open("fasion-mnist") }
    expectFailure(.usage, "did you mean pairs?") { _ = try DataSpec.open("pair:a,b") }
    expectFailure(.usage, "npy:data/x.npy") { _ = try DataSpec.open("data/x.npy") }
    expectFailure(.usage, "npy:X.npy[,Y.npy]", "synthetic") { _ = try DataSpec.open("zip:whatever") }
    expectFailure(.usage, "no data specification") { _ = try DataSpec.open("") }
    expectFailure(.usage, "idx:IMAGES") { _ = try DataSpec.open("idx") }
  }

  @Test func synthetic() throws {
    let dataset = try DataSpec.open("synthetic:3x8x6,n=50,classes=5,seed=3")
    #expect(dataset.count == 50)
    #expect(dataset.sampleShape == [3, 8, 6])
    #expect(dataset.labels?.prefix(7) == [0, 1, 2, 3, 4, 0, 1])
    let all = try values(dataset, 0..<50)
    #expect(all.allSatisfy { $0 >= 0 && $0 <= 1 })
    #expect(Set(all).count > 1000)
    #expect(try values(DataSpec.open("synthetic:3x8x6,n=60,classes=5,seed=3"), 0..<50) == all)
    #expect(try values(DataSpec.open("synthetic:3x8x6,n=50,classes=5,seed=4"), 0..<50) != all)
    #expect(try DataSpec.open("synthetic:20,n=10").sampleShape == [20])
    #expect(try DataSpec.open("synthetic:28x28").sampleShape == [1, 28, 28])
    #expect(try DataSpec.open("synthetic:1x4x5x6").sampleShape == [1, 4, 5, 6])
    #expect(try values(DataSpec.open("synthetic:2x4x5x6"), 0..<3).allSatisfy { $0 >= 0 && $0 <= 1 })
    for bad in [
      "", "3x0x4", "3x-1x4", "1x2x3x4x5", "20,n=0", "20,m=3", "20,n", "20,n=-1", "20,n=999999999999999999999", "ax3",
      "20,classes=0", "99999999999x99999999999", "20,,n=3", "99999999999999999999",
    ] {
      expectFailure(.usage, "synthetic:\(bad)") { _ = try DataSpec.open("synthetic:\(bad)") }
    }
  }

  /// Rows of a class are nearer to each other than to those of others.
  @Test func syntheticTablesHaveClasses() throws {
    let dataset = try DataSpec.open("synthetic:20,n=20,classes=2")
    let rows = try values(dataset, 0..<20)
    func distance(_ i: Int, _ j: Int) -> Float {
      (0..<20).reduce(0) { $0 + (rows[i * 20 + $1] - rows[j * 20 + $1]) * (rows[i * 20 + $1] - rows[j * 20 + $1]) }
    }
    #expect(distance(0, 2) < distance(0, 1))
    #expect(distance(1, 5) < distance(1, 4))
  }

  @Test func fingerprintsAreOfContents() throws {
    let folder = try TemporaryFolder()
    let floats: [Float] = [1, 2, 3, 4, 5, 6]
    func fingerprint(_ bytes: [UInt8], _ rest: String = "") throws -> String {
      try DataSpec.open("npy:" + folder.write("x.npy", bytes) + rest).fingerprint()
    }
    let print = try fingerprint(npy([3, 2], floats))
    #expect(print.count == 64)
    #expect(try fingerprint(npy("<f8", [3, 2], littleEndian(floats.map(Double.init)))) == print)
    #expect(try fingerprint(npy([2, 3], floats)) != print)
    #expect(try fingerprint(npy([3, 2], [1, 2, 3, 4, 5, 7])) != print)
    let labels = try folder.write("y.npy", npy("|u1", [3], [0, 1, 0]))
    #expect(try fingerprint(npy([3, 2], floats), ",\(labels)") != print)
  }

  @Test func fashionMNISTMissing() throws {
    let arguments = DataArguments(spec: "fashion-mnist", text: "", form: "fashion-mnist[:test]")
    expectFailure(.data, "/nowhere", "apt-get install dataset-fashion-mnist", "launch/setup") {
      _ = try FashionMNIST.open(arguments, in: "/nowhere")
    }
    expectFailure(.usage, "fashion-mnist[:test]") { _ = try DataSpec.open("fashion-mnist:tset") }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist")))
  func fashionMNIST() throws {
    let train = try DataSpec.open("fashion-mnist")
    #expect(train.summary == "60000 images of 1×28×28, 10 classes")
    let mean = try values(train, 0..<100).reduce(0, +) / 78_400
    #expect(mean > 0.2 && mean < 0.4)
    let test = try DataSpec.open("fashion-mnist:test")
    #expect(test.count == 10_000)
    #expect(test.labels?.prefix(4) == [9, 2, 1, 1])
    #expect(try test.fingerprint() != train.fingerprint())
  }
}
