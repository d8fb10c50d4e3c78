import Datasets
import TestSupport
import Testing

@Suite struct IdxTests {
  let folder: TemporaryFolder
  /// 5 images of 2×3.
  let pixels = (0..<30).map { UInt8($0 * 8) }

  init() throws { folder = try TemporaryFolder() }

  @Test func plainAndGzip() throws {
    let plain = try folder.write("images", idx([5, 2, 3], pixels))
    let labels = try folder.write("labels", idx([5], [0, 1, 2, 1, 0]))
    for path in [plain, try folder.gzip(plain)] {
      let dataset = try DataSpec.open("idx:\(path),\(labels)")
      #expect(dataset.count == 5)
      #expect(dataset.sampleShape == [1, 2, 3])
      #expect(dataset.viewsPerSample == 1)
      #expect(dataset.labels == [0, 1, 2, 1, 0])
      #expect(dataset.summary == "5 images of 1×2×3, 3 classes")
      for index in 0..<5 {
        #expect(try sampleValues(dataset, index) == pixels[index * 6..<index * 6 + 6].map { Float($0) / 255 })
      }
    }
  }

  @Test func otherRanks() throws {
    #expect(try DataSpec.open("idx:" + folder.write("a", idx([2, 3], [1, 2, 3, 4, 5, 6]))).sampleShape == [3])
    #expect(
      try DataSpec.open("idx:" + folder.write("b", idx([1, 3, 1, 2], [1, 2, 3, 4, 5, 6]))).sampleShape == [3, 1, 2])
    let row = try folder.write("c", idx([6], [1, 2, 3, 4, 5, 6]))
    expectFailure(.data, row, "1 dimension ") { _ = try DataSpec.open("idx:\(row)") }
  }

  @Test func severalGzipMembers() throws {
    let all = idx([5, 2, 3], pixels)
    let parts = try [all.prefix(20), all.dropFirst(20)].enumerated().map { try folder.write("\($0)", Array($1)) }
    let joined = try parts.flatMap { try folder.bytes(folder.gzip($0)) }
    let dataset = try DataSpec.open("idx:" + folder.write("joined.gz", joined))
    #expect(try sampleValues(dataset, 4) == pixels[24..<30].map { Float($0) / 255 })
  }

  @Test func badPlainFiles() throws {
    let good = idx([5, 2, 3], pixels)
    func expect(_ bytes: [UInt8], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
      let path = try folder.write("bad", bytes)
      expectFailure(.data, path, sourceLocation: sourceLocation) { _ = try DataSpec.open("idx:\(path)") }
      for word in words {
        expectFailure(.data, word, sourceLocation: sourceLocation) { _ = try DataSpec.open("idx:\(path)") }
      }
    }
    try expect([], "ends too early")
    try expect(Array(good.prefix(9)), "ends too early")
    try expect(Array(good.dropLast(7)), "ends too early", "record 3")
    try expect(good + [0], "bytes follow", "record 5")
    try expect(idx([5, 2, 3], pixels, magic: [0, 0, 13]), "00 00 0d 03")
    try expect(idx([1, 1, 1, 1, 1], [0]), "00 00 08 05")
    try expect([0, 0, 8, 0], "00 00 08 00")
    try expect(idx([0, 2, 3], []), "the array is empty")
    try expect(idx([5, 0, 3], []), "the array is empty")
    try expect(idx([0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], []), "impossible")
    try expect(idx([0xFFFF_FFFF, 3], []), "ends too early")
    expectFailure(.data, "cannot open the file", "nowhere") { _ = try DataSpec.open("idx:\(folder.path)/nowhere") }
    expectFailure(.data, "not a regular file") { _ = try DataSpec.open("idx:\(folder.path)") }
  }

  @Test func badGzipFiles() throws {
    let noise = (0..<60_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 11) }
    let good = try folder.bytes(folder.gzip(folder.write("good", idx([10, 6000], noise))))
    func expect(_ bytes: [UInt8], _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let path = try folder.write("bad.gz", bytes)
      expectFailure(.data, path, words, sourceLocation: sourceLocation) { _ = try DataSpec.open("idx:\(path)") }
    }
    try expect(Array(good.prefix(5)), "cut off")
    try expect(Array(good.prefix(good.count / 2)), "record ")
    try expect(Array(good.dropLast(4)), "cut off")
    try expect(good + [1, 2, 3], "not gzip follow")
    try expect(good + good, "bytes follow the last record")
    var damaged = good
    damaged[good.count - 6] ^= 1
    try expect(damaged, "incorrect data check")
    damaged = good
    for i in good.count / 2..<good.count / 2 + 50 { damaged[i] ^= 0x5A }
    try expect(damaged, "bad.gz")
    let short = try folder.gzip(folder.write("short", idx([10, 6000], Array(noise.prefix(50_000)))))
    try expect(folder.bytes(short), "ends too early")
    let bomb = try folder.gzip(folder.write("bomb", idx([1 << 20, 1 << 20], [])))
    try expect(folder.bytes(bomb), "impossible for a file of this length")
  }

  /// `gzip -t` takes such a file without a word; tapes and some copies end in whole blocks.
  @Test(arguments: [1, 511, 1 << 17, 300_000]) func zerosAfterGzipAreNoData(zeros: Int) throws {
    let good = try folder.bytes(folder.gzip(folder.write("good", idx([5, 2, 3], pixels))))
    let padding = [UInt8](repeating: 0, count: zeros)
    let dataset = try DataSpec.open("idx:" + folder.write("padded.gz", good + padding))
    #expect(dataset.count == 5)
    #expect(try sampleValues(dataset, 4) == pixels[24..<30].map { Float($0) / 255 })
    // Whatever follows them is no data, for gzip as well.
    for rest in [[7], good] {
      let path = try folder.write("garbage.gz", good + padding + rest)
      expectFailure(.data, "not gzip follow") { _ = try DataSpec.open("idx:\(path)") }
    }
  }

  @Test func labelsMustMatch() throws {
    let images = try folder.write("images", idx([5, 2, 3], pixels))
    let labels = try folder.write("labels", idx([4], [0, 1, 2, 1]))
    expectFailure(.data, labels, "5 as in", "4") { _ = try DataSpec.open("idx:\(images),\(labels)") }
    expectFailure(.data, "one dimension") { _ = try DataSpec.open("idx:\(images),\(images)") }
  }

  @Test func samplesOutside() throws {
    let dataset = try DataSpec.open("idx:" + folder.write("images", idx([5, 2, 3], pixels)))
    for (index, view) in [(5, 0), (-1, 0), (0, 1)] {
      expectFailure(.defect, "no such sample") { _ = try sampleValues(dataset, index, view: view) }
    }
  }
}
