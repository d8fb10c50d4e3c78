import Configuration
import Datasets
import Diagnostics
import Tensors

/// Made-up pairs of views that are held in memory: what a step costs without reading and augmenting.
///
/// Values are uniform in 0…1, and a function of the shape alone. Large samples repeat after a few.
struct HeldPairs: Dataset {
  let name: String
  let count: Int
  let sampleShape: [Int]
  let labels: [Int32]? = nil
  let viewsPerSample = 2
  private let values: AlignedBuffer<Float>
  private let held: Int

  /// The most floats that are held, if that is more than a pair.
  private static let limit = 1 << 22

  init(count: Int, sampleShape: [Int]) throws {
    (self.count, self.sampleShape) = (count, sampleShape)
    let shape = sampleShape.map(String.init).joined(separator: "x")
    name = "\(BenchConfiguration.heldData) (\(shape), held in memory)"
    let size = sampleShape.reduce(1, *)
    held = max(1, min(count, Self.limit / (2 * size)))
    values = try AlignedBuffer(held, 2, size, for: .data)
    var stream = PhiloxStream(seed: 0, purpose: .syntheticData)
    for i in 0..<values.count { values.pointer[i] = stream.uniform() }
  }

  func read(_ index: Int, view: Int, into destination: UnsafeMutablePointer<Float>) throws {
    try check(index, view)
    let start = (index % held * 2 + view) * sampleSize
    destination.update(from: values.pointer + start, count: sampleSize)
  }
}

extension TrainingConfiguration {
  /// The data to measure on.
  func openBenchmarkData() throws -> any Dataset {
    guard data == BenchConfiguration.heldData else { return try DataSpec.open(data) }
    guard let shape = usualShape else {
      throw Failure(
        .usage, "the encoder has no usual shape of samples", at: "\(option: "data")",
        expected: "a data specification with \(option: "encoder") \(encoder.rawValue)", found: data,
        remedy: "give the shape: \(option: "data") synthetic:3x32x32")
    }
    return try HeldPairs(count: batchSize ?? Self.usualBatchSize, sampleShape: shape)
  }

  /// Samples that the encoder is made for.
  private var usualShape: [Int]? { encoder.usualShape(encoderOptions) }

  /// The same steps without an end, and with nothing around them: no folder, checkpoints, validation or early stop.
  var asBenchmark: TrainingConfiguration {
    var copy = self
    copy.out = ""
    copy.resume = .auto
    copy.enableCheckpointing = false
    copy.saveTopK = 0
    copy.valData = nil
    copy.earlyStopping = nil
    copy.minEpochs = nil
    copy.minSteps = nil
    copy.maxEpochs = 1 << 40
    copy.maxSteps = nil
    copy.limitTrainBatches = .all
    return copy
  }
}
