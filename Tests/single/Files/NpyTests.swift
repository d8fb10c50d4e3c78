import Datasets
import Files
import Tensors
import TestSupport
import Testing

@Suite struct NpyTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func elementTypes() throws {
    let numbers: [Float] = [0, 1, 2, 3.5, -4, 5, 6, 7, 8, 9]
    let floats: [(String, [UInt8])] = [
      ("<f4", littleEndian(numbers)), ("<f8", littleEndian(numbers.map(Double.init))),
      ("<f2", littleEndian(numbers.map(Float16.init))), ("=f4", littleEndian(numbers)),
    ]
    for (type, payload) in floats {
      for version in 1...3 as ClosedRange<UInt8> {
        let dataset = try DataSpec.open("npy:" + folder.write("x.npy", npy(type, [2, 5], payload, version: version)))
        #expect(dataset.sampleShape == [5])
        #expect(try sampleValues(dataset, 0) == Array(numbers[..<5]))
        #expect(try sampleValues(dataset, 1) == Array(numbers[5...]))
      }
    }
    let bytes = try DataSpec.open("npy:" + folder.write("x.npy", npy("|u1", [1, 2, 2], [0, 51, 102, 255])))
    #expect(bytes.sampleShape == [1, 2, 2])
    #expect(try sampleValues(bytes, 0) == [0, 0.2, 0.4, 1])
  }

  @Test func shapes() throws {
    for (shape, expected) in [
      ([2, 3], [3]), ([2, 3, 4], [1, 3, 4]), ([2, 3, 4, 5], [3, 4, 5]), ([2, 3, 4, 5, 2], [3, 4, 5, 2]),
    ] {
      let values = [Float](repeating: 0, count: shape.reduce(1, *))
      #expect(try DataSpec.open("npy:" + folder.write("x.npy", npy(shape, values))).sampleShape == expected)
    }
    for shape in [[], [4], [1, 1, 1, 1, 1, 1]] {
      let path = try folder.write("x.npy", npy(shape, [Float](repeating: 0, count: shape.reduce(1, *))))
      expectFailure(.data, path, "dimension") { _ = try DataSpec.open("npy:\(path)") }
    }
    for shape in [[0, 3], [3, 0], [3, 0, 4]] {
      let path = try folder.write("x.npy", npy(shape, []))
      expectFailure(.data, path, "empty") { _ = try DataSpec.open("npy:\(path)") }
    }
  }

  @Test func badFiles() throws {
    let good = npy([2, 3], [1, 2, 3, 4, 5, 6])
    func expect(_ bytes: [UInt8], _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let path = try folder.write("bad.npy", bytes)
      expectFailure(.data, path, words, sourceLocation: sourceLocation) { _ = try DataSpec.open("npy:\(path)") }
    }
    func header(_ text: String) -> [UInt8] {
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8) + littleEndian([Float(1)])
    }
    for count in 0..<good.count { try expect(Array(good.prefix(count)), "bad.npy") }
    try expect(Array(good.dropLast()), "ends too early")
    try expect(good + [0], "bytes follow")
    try expect(npy("<f4", [2, 3], littleEndian([Float](repeating: 0, count: 6)), fortran: true), "ascontiguousarray")
    try expect(npy(">f4", [2, 3], littleEndian([Float](repeating: 0, count: 6))), "big-endian")
    try expect(npy("<c8", [2, 3], littleEndian([Double](repeating: 0, count: 6))), "<c8")
    try expect(npy("<i4", [2, 3], littleEndian([Int32](repeating: 0, count: 6))), "astype(numpy.float32)")
    try expect(npy("|O", [2, 3], []), "|O")
    try expect(npy("", [2, 3], []), "type that cannot be read")
    try expect(npy("<f4", [2, 3], littleEndian([Float](repeating: 0, count: 6)), version: 4), "4.0")
    try expect(npy("<f4", [Int.max, 3], []), "impossible shape")
    try expect(npy("<f4", [0, Int.max, Int.max], []), "the array is empty")
    try expect(Array("PK\u{3}\u{4} an npz file".utf8), "not a NumPy array file")
    for text in [
      "", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)",
      "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1, 1)}", "{'descr': '<f4', 'shape': (-1, 1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1)}", "{'shape': (1 1)}",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}", "{'descr: '<f4'}", "{'other': True}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'shape': (1, 1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)} and more",
    ] {
      try expect(header(text), "NumPy header")
    }
    let python2 = header("{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 1L)}")
    #expect(try DataSpec.open("npy:" + folder.write("old.npy", python2)).count == 1)
  }

  @Test func valuesThatAreNotFinite() throws {
    for (bad, text) in [(Float.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")] {
      let path = try folder.write("x.npy", npy([3, 2], [1, 2, 3, bad, 5, 6]))
      let dataset = try DataSpec.open("npy:\(path)")
      #expect(try sampleValues(dataset, 0) == [1, 2])
      expectFailure(.data, path, "sample 1, element 1", text) { _ = try sampleValues(dataset, 1) }
    }
    let path = try folder.write("x.npy", npy("<f8", [1, 2], littleEndian([1, 1e300])))
    expectFailure(.data, "sample 0, element 1") { _ = try sampleValues(DataSpec.open("npy:\(path)"), 0) }
  }

  @Test func labels() throws {
    let x = try folder.write("x.npy", npy([3, 2], [1, 2, 3, 4, 5, 6]))
    func labels(_ type: String, _ payload: [UInt8], _ shape: [Int] = [3]) throws -> [Int32]? {
      try DataSpec.open("npy:\(x)," + folder.write("y.npy", npy(type, shape, payload))).labels
    }
    #expect(try labels("<i8", littleEndian([7, -1, 2] as [Int64])) == [7, -1, 2])
    #expect(try labels("<i4", littleEndian([7, -1, 2] as [Int32])) == [7, -1, 2])
    #expect(try labels("<i2", littleEndian([7, -1, 2] as [Int16])) == [7, -1, 2])
    #expect(try labels("|i1", littleEndian([7, -1, 2] as [Int8])) == [7, -1, 2])
    #expect(try labels("<u2", littleEndian([7, 1, 2] as [UInt16])) == [7, 1, 2])
    #expect(try labels("|u1", [7, 1, 2]) == [7, 1, 2])
    #expect(try labels("|b1", [1, 0, 1]) == [1, 0, 1])
    expectFailure(.data, "not integers", "f4") { _ = try labels("<f4", littleEndian([1, 2, 3] as [Float])) }
    expectFailure(.data, "record 1", "\(1 << 40)") { _ = try labels("<i8", littleEndian([1, 1 << 40, 2] as [Int64])) }
    expectFailure(.data, "too large") { _ = try labels("<u8", littleEndian([1, .max, 2] as [UInt64])) }
    expectFailure(.data, "3 as in", "2") { _ = try labels("|u1", [1, 2], [2]) }
    expectFailure(.data, "one dimension", "reshape") { _ = try labels("|u1", [1, 2, 3], [3, 1]) }
    // Remedies that keep what the numbers say.
    expectFailure(.data, "one dimension", "y.argmax(axis=1)") { _ = try labels("|u1", [1, 0, 0, 1, 1, 0], [3, 2]) }
    expectFailure(.data, "not integers", "ages", "no classes") {
      _ = try labels("<f4", littleEndian([1, 2, 3] as [Float]))
    }
    for type in ["<U1", "|S4"] {
      let size = 4 * 3
      expectFailure(.data, "numpy.unique(x, return_inverse=True)[1]") {
        _ = try labels(type, [UInt8](repeating: 65, count: size))
      }
    }
  }

  @Test func pairs() throws {
    let a = try folder.write("a.npy", npy([3, 2], [1, 2, 3, 4, 5, 6]))
    let b = try folder.write("b.npy", npy("<f8", [3, 2], littleEndian([-1, -2, -3, -4, -5, -6] as [Double])))
    let y = try folder.write("y.npy", npy("|u1", [3], [0, 1, 0]))
    let dataset = try DataSpec.open("pairs:\(a),\(b),\(y)")
    #expect(dataset.viewsPerSample == 2)
    #expect(dataset.labels == [0, 1, 0])
    #expect(try sampleValues(dataset, 2, view: 0) == [5, 6])
    #expect(try sampleValues(dataset, 2, view: 1) == [-5, -6])
    let c = try folder.write("c.npy", npy([2, 2], [1, 2, 3, 4]))
    expectFailure(.data, c, "[3, 2] as in \(a)", "[2, 2]") { _ = try DataSpec.open("pairs:\(a),\(c)") }
    expectFailure(.usage, "pairs:X1.npy,X2.npy[,Y.npy]") { _ = try DataSpec.open("pairs:\(a)") }
    expectFailure(.usage, "separated by commas") { _ = try DataSpec.open("pairs:\(a),") }
  }

  @Test func writtenFilesAreRead() throws {
    let path = folder.path + "/features.npy"
    let writer = try NpyWriter(path: path, shape: [3, 2])
    try writer.write([1, 2])
    try writer.write([3, 4, 5, 6])
    let summary = try writer.finish()
    #expect(summary.bytes == 128 + 24)
    let file = try NpyFile(path: path)
    #expect(file.shape == [3, 2])
    #expect(try file.floats() == [1, 2, 3, 4, 5, 6])
    #expect(try folder.bytes(path)[127] == 10)

    let row = try NpyWriter(path: folder.path + "/row.npy", shape: [1])
    expectFailure(.defect, "found:    2") { try row.write([1, 2]) }
    expectFailure(.defect, "found:    0") { _ = try row.finish() }
    try row.write([1])
    _ = try row.finish()
    #expect(try NpyFile(path: folder.path + "/row.npy").shape == [1])
    expectFailure(.cannotWrite, "nowhere") { _ = try NpyWriter(path: folder.path + "/nowhere/x.npy", shape: [1]) }
    expectFailure(.defect, "elements outside") { try file.readFloats(5..<7, into: AlignedBuffer(2).pointer) }
  }
}
