import Diagnostics

/// Samples that a program holds in memory: a table, images or volumes, with one view or two given views a sample.
///
/// nidl's `X`, `(X, y)`, `[X1, X2]` and `([X1, X2], y)`.
public struct MemoryDataset: Dataset {
  public let name: String
  public let count: Int
  public let sampleShape: [Int]
  public let labels: [Int32]?
  private let views: [[Float]]

  /// - Parameter views: one or two arrays, samples first, flat in C order.
  /// - Parameter sampleShape: `[F]`, `[C, H, W]` or `[C, D, H, W]`.
  /// - Throws: `Failure(.data)` for arrays that are not whole samples, that differ in size, or that hold a value that
  ///   is not finite, and for the wrong number of labels.
  public init(views: [[Float]], sampleShape: [Int], labels: [Int32]? = nil, name: String = "memory") throws {
    guard (1...2).contains(views.count) else {
      throw Failure(.data, "a sample has one view or two", at: name, found: "\(views.count)")
    }
    guard [1, 3, 4].contains(sampleShape.count), let size = SampleShape.product(sampleShape), size >= 1 else {
      throw Failure(
        .data, "a shape that no sample has", at: name, expected: "[F], [C, H, W] or [C, D, H, W]",
        found: "\(sampleShape)")
    }
    count = views[0].count / size
    for (view, values) in views.enumerated() {
      guard values.count == count * size, count >= 1 else {
        throw Failure(
          .data, "the numbers are not whole samples", at: "\(name), view \(view + 1)",
          expected: view == 0 ? "a multiple of \(SampleShape.text(sampleShape))" : "\(views[0].count) as in view 1",
          found: "\(values.count)")
      }
      if let element = values.firstIndex(where: { !$0.isFinite }) {
        throw Failure(
          .data, "a value is not a finite float32", at: "\(name), view \(view + 1), sample \(element / size)",
          found: "\(values[element])", remedy: "remove or mend the sample")
      }
    }
    if let labels, labels.count != count {
      throw Failure(
        .data, "the number of labels is not that of the samples", at: name, expected: "\(count)",
        found: "\(labels.count)")
    }
    self.name = name
    self.views = views
    self.sampleShape = sampleShape
    self.labels = labels
  }

  public var viewsPerSample: Int { views.count }

  public func read(_ index: Int, view: Int, into destination: UnsafeMutablePointer<Float>) throws {
    try check(index, view)
    views[view].withUnsafeBufferPointer {
      destination.update(from: $0.baseAddress! + index * sampleSize, count: sampleSize)
    }
  }
}
