import Datasets
import Files
import Tensors

extension Inspector {
  /// Floats read at a time.
  private static let piece = 1 << 20

  /// Type, shape and range of a NumPy array; the classes of an array of labels.
  func inspectNpy(_ path: String) throws -> Inspection {
    let file = try NpyFile(path: path)
    var inspection = Inspection("npy", path)
    inspection.add("dtype", .text(file.element.rawValue))
    inspection.add("shape", .shape(file.shape))
    inspection.add("numbers", .count(file.count))
    inspection.add("bytes of data", .bytes(file.count * file.element.size))
    inspection.attempt { inspection in
      if file.shape.count == 1, !file.element.isFloatingPoint {
        inspection.addClasses(try file.integers())
      }
      let buffer = try AlignedBuffer<Float>(min(Self.piece, file.count))
      var statistics = ValueStatistics()
      for first in stride(from: 0, to: file.count, by: Self.piece) {
        let range = first..<min(first + Self.piece, file.count)
        try file.readFloats(range, into: buffer.pointer)
        statistics.add(UnsafeBufferPointer(start: buffer.pointer, count: range.count))
      }
      inspection.add(statistics)
    }
    return inspection
  }

  /// Shape and range of an idx file of bytes, plain or compressed; the classes if it holds labels.
  func inspectIdx(_ path: String) throws -> Inspection {
    let file = try IdxFile(path: path)
    var inspection = Inspection("idx", path)
    inspection.add("dtype", .text("u1"))
    inspection.add("shape", .shape(file.shape))
    inspection.add("numbers", .count(file.shape.reduce(1, *)))
    inspection.attempt { inspection in
      let values = try file.values()
      if file.shape.count == 1 { inspection.addClasses(values.map(Int.init)) }
      var statistics = ValueStatistics()
      for first in stride(from: 0, to: values.count, by: Self.piece) {
        let floats = values[first..<min(first + Self.piece, values.count)].map(Float.init)
        floats.withUnsafeBufferPointer { statistics.add($0) }
      }
      inspection.add(statistics)
    }
    return inspection
  }

  /// Samples, shape, labels and range of a data set as training reads it.
  func inspectData(_ spec: String) throws -> Inspection {
    let dataset = try DataSpec.open(spec)
    var inspection = Inspection("data set", spec)
    inspection.add("samples", .count(dataset.count))
    inspection.add("shape of a sample", .shape(dataset.sampleShape))
    inspection.add("views", .count(dataset.viewsPerSample))
    inspection.add("labels", .flag(dataset.labels != nil))
    inspection.attempt { inspection in
      inspection.add("fingerprint", .text(try dataset.fingerprint()))
      let samples = readsValues ? dataset.count : min(dataset.count, 256)
      let buffer = try AlignedBuffer<Float>(dataset.sampleSize)
      var statistics = ValueStatistics()
      for i in 0..<samples {
        // From the first on, evenly.
        let index = i * (dataset.count / samples)
        for view in 0..<dataset.viewsPerSample {
          try dataset.read(index, view: view, into: buffer.pointer)
          statistics.add(UnsafeBufferPointer(start: buffer.pointer, count: buffer.count))
        }
      }
      inspection.add("samples read", .count(samples))
      inspection.add(statistics)
    }
    if let labels = dataset.labels { inspection.addClasses(labels.map(Int.init)) }
    return inspection
  }
}

extension Inspection {
  /// How many classes there are, and the samples of each; if there are very many, of the most frequent ones.
  fileprivate mutating func addClasses(_ labels: [Int]) {
    var counts: [Int: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    let most = 100
    let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(most)
    add("number of classes", .count(counts.count))
    if counts.count > most { add("classes shown", .text("the \(most) most frequent")) }
    add(
      Table(
        name: "classes", columns: ["class", "samples"],
        rows: frequent.sorted { $0.key < $1.key }.map { [.count($0.key), .count($0.value)] }))
  }

  /// The range as facts. Values that are not finite are a problem.
  fileprivate mutating func add(_ statistics: ValueStatistics) {
    for (name, value) in zip(ValueStatistics.columns, statistics.values) { add(name, value) }
    if statistics.nonFinite > 0 { problems.append("values that are not finite: \(statistics.nonFinite)") }
  }
}
