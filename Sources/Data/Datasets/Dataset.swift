import Diagnostics
import Files
import Tensors

/// Samples of one shape, read by number: a table, images or volumes, with one view or two given views a sample.
///
/// Made by `DataSpec.open`, or by a program itself. `read` is called from several threads at once.
public protocol Dataset: Sendable {
  /// The specification that opens it, such as `npy:X.npy`.
  var name: String { get }
  /// Samples; at least 1.
  var count: Int { get }
  /// `[F]` for tables, `[C, H, W]` for images, `[C, D, H, W]` for volumes.
  var sampleShape: [Int] { get }
  /// 1, or 2 where the two views of a sample are given.
  var viewsPerSample: Int { get }
  /// A class a sample, where there are any.
  var labels: [Int32]? { get }

  /// Reads a view of a sample, flat in C order, to a place with room for `sampleSize` floats.
  ///
  /// `index` is in `0..<count` and `view` in `0..<viewsPerSample`. Errors: `Failure(.data)` with the file and the
  /// sample, also for values that are not finite; what was written is then undefined.
  func read(_ index: Int, view: Int, into destination: UnsafeMutablePointer<Float>) throws

  /// Where a view of a sample is, for messages: `X.npy, sample 17`.
  func place(of index: Int, view: Int) -> String

  /// 64 hexadecimal digits that tell data sets apart; see the default.
  func fingerprint() throws -> String
}

extension Dataset {
  /// Floats a sample.
  public var sampleSize: Int { sampleShape.reduce(1, *) }

  /// One line: `60000 images of 1×28×28, 10 classes`; samples without a label are counted apart.
  public var summary: String {
    let kind = sampleShape.count == 1 ? "rows" : sampleShape.count == 3 ? "images" : "volumes"
    let shape = sampleShape.map(String.init).joined(separator: "×")
    let views = viewsPerSample == 2 ? "pairs of " : ""
    let classes = labels.map(Self.classes) ?? ""
    return "\(count) \(views)\(kind) of \(shape)\(classes)"
  }

  private static func classes(_ labels: [Int32]) -> String {
    let labelled = Unlabelled.others(in: labels)
    let rest = labels.count - labelled.count
    let classes = Set(labelled.map { labels[$0] }).count
    return ", \(classes.counted("class", "classes"))" + (rest > 0 ? ", \(rest) without a label (-1)" : "")
  }

  /// The specification and the sample's number.
  public func place(of index: Int, view: Int) -> String { "\(name), sample \(index)" }

  /// The SHA-256 of the sizes, the labels and the values of up to 64 samples spread over the data set.
  ///
  /// A function of the contents: the same data in another file or format has the same fingerprint.
  public func fingerprint() throws -> String {
    let hash = try SHA256()
    var sizes: [Int64] = [1, Int64(count), Int64(viewsPerSample)] + sampleShape.map(Int64.init)
    sizes.append(Int64(labels?.count ?? -1))
    try sizes.withUnsafeBytes { try hash.update($0) }
    try labels?.withUnsafeBytes { try hash.update($0) }
    let sample = try AlignedBuffer<Float>(sampleSize)
    let samples = min(count, 64)
    for i in 0..<samples {
      // From the first to the last.
      let index = samples == 1 ? 0 : i * (count - 1) / (samples - 1)
      for view in 0..<viewsPerSample {
        try read(index, view: view, into: sample.pointer)
        try hash.update(UnsafeRawBufferPointer(sample.elements))
      }
    }
    return try hash.finish()
  }

  /// Reads consecutive samples as they are, without augmentation, one after another: for embedding and evaluation.
  public func readRange(_ range: Range<Int>, view: Int = 0, into destination: UnsafeMutablePointer<Float>) throws {
    for (place, index) in range.enumerated() { try read(index, view: view, into: destination + place * sampleSize) }
  }

  /// Throws `Failure(.defect)` unless there is such a sample and view.
  package func check(_ index: Int, _ view: Int) throws {
    guard index >= 0, index < count, view >= 0, view < viewsPerSample else {
      throw Failure(
        .defect, "there is no such sample", at: name, expected: "sample 0..<\(count), view 0..<\(viewsPerSample)",
        found: "sample \(index), view \(view)")
    }
  }
}
