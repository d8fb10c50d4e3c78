import Diagnostics
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file with the given header and data.
  private func file(_ header: String, _ data: [UInt8] = []) throws -> String {
    try folder.write("x.safetensors", littleEndian([UInt64(header.utf8.count)]) + Array(header.utf8) + data)
  }

  private func open(_ header: String, _ data: [UInt8] = []) throws -> SafetensorsFile {
    try SafetensorsFile(path: try file(header, data))
  }

  // MARK: Round trip

  @Test func whatIsWrittenIsRead() throws {
    let shapes: [(String, [Int])] = [
      ("encoder.0.weight", [3, 5]), ("a", []), ("empty", [0, 4]), ("ü \"quoted\" \\ \n\u{1}/", [2, 1, 3]), ("z", [7]),
    ]
    let buffers = shapes.enumerated().map { index, shape in
      AlignedBuffer(copying: normalNumbers(shape.1.reduce(1, *), seed: UInt64(index)))
    }
    buffers[4].pointer[3] = .nan
    buffers[4].pointer[4] = -0.0
    let counter = AlignedBuffer<Int64>(copying: [1 << 40])
    let tensors =
      zip(shapes, buffers).map { NamedTensor(name: $0.0, shape: $0.1, pointer: $1.pointer) }
      + [NamedTensor(name: "count", shape: [], integers: counter.pointer)]
    let metadata = ["format": "pt", "λ": "a\"b\n"]
    let path = folder.file("round.safetensors")
    let summary = try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    let read = try SafetensorsFile(path: path)
    #expect(read.metadata == metadata)
    #expect(Set(read.names) == Set(tensors.map(\.name)))
    #expect(read.names == read.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    for ((name, shape), buffer) in zip(shapes, buffers) {
      #expect(try read.shape(of: name) == shape)
      #expect(try read.floats(of: name).map(\.bitPattern) == bits(buffer))
    }
    #expect(try read.floats(of: "count", converting: true) == [Float(1 << 40)])
    #expect(try SHA256.hex(ofFile: path) == summary.sha256)
    #expect(try folder.bytes(path).count == summary.bytes)
  }

  @Test func theOrderCanBeGiven() throws {
    let buffer = AlignedBuffer<Float>(copying: [1, 2])
    let tensors = ["b", "a"].enumerated().map { NamedTensor(name: $1, shape: [1], pointer: buffer.pointer + $0) }
    let path = folder.file("order.safetensors")
    try SafetensorsWriter.write(tensors, order: .given, to: path)
    #expect(try SafetensorsFile(path: path).names == ["b", "a"])
    #expect(try SafetensorsFile(path: path).floats(of: "a") == [2])
  }

  @Test func theSameTensorsGiveTheSameBytes() throws {
    let arena = try ParameterArena(oddLayout())
    fill(arena.values, arena.layout, seed: 5)
    let metadata = Dictionary(uniqueKeysWithValues: (0..<20).map { ("key\($0)", "\($0)") })
    let files = try (0..<2).map { index in
      let path = folder.file("\(index)")
      // In another order: sorted, the file is the same.
      let tensors = index == 0 ? arena.namedTensors : arena.namedTensors.reversed()
      try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
      return try folder.bytes(path)
    }
    #expect(files[0] == files[1])
  }

  @Test(arguments: 0...70) func dataBeginAtAMultipleOf64Bytes(length: Int) throws {
    let buffer = AlignedBuffer<Float>(copying: [1])
    let path = folder.file("aligned.safetensors")
    try SafetensorsWriter.write(
      [NamedTensor(name: String(repeating: "n", count: length), shape: [1], pointer: buffer.pointer)], to: path)
    let bytes = try folder.bytes(path)
    let header = bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    #expect((8 + header) % 64 == 0 && bytes.count == 8 + header + 4)
  }

  @Test func namesAreWrittenOnce() throws {
    let buffer = AlignedBuffer<Float>(1)
    let tensor = NamedTensor(name: "a", shape: [1], pointer: buffer.pointer)
    expectFailure(.defect, "'a'") { try SafetensorsWriter.write([tensor, tensor], to: folder.file("twice")) }
    expectFailure(.defect, "'__metadata__'") {
      try SafetensorsWriter.write(
        [NamedTensor(name: "__metadata__", shape: [1], pointer: buffer.pointer)], to: folder.file("reserved"))
    }
    expectFailure(.defect, "impossible shape") {
      try SafetensorsWriter.write(
        [NamedTensor(name: "a", shape: [-1], pointer: buffer.pointer)], to: folder.file("negative"))
    }
  }

  // MARK: Element types

  /// One tensor of four elements of a type.
  private func fourElements(_ dtype: String, _ data: [UInt8]) throws -> SafetensorsFile {
    try open(#"{"x":{"dtype":"\#(dtype)","shape":[4],"data_offsets":[0,\#(data.count)]}}"#, data)
  }

  @Test func otherTypesAreConvertedWhereThatIsAskedFor() throws {
    let files: [(String, [UInt8], [Float])] = [
      ("F64", littleEndian([0.1, -1e300, 1e-300, 2.0]), [0.1, -.infinity, 0, 2]),
      ("F16", littleEndian([0.5, -65504, 6e-8, 1] as [Float16]), [0.5, -65504, Float(6e-8 as Float16), 1]),
      ("BF16", littleEndian([0x3F80, 0xC000, 0x7F80, 0x0000] as [UInt16]), [1, -2, .infinity, 0]),
      ("U8", [0, 1, 127, 255], [0, 1, 127, 255]),
      ("I64", littleEndian([0, -1, 1 << 24 + 1, .max] as [Int64]), [0, -1, Float(1 << 24 + 1), 0x1p63]),
    ]
    for (dtype, data, expected) in files {
      let file = try fourElements(dtype, data)
      #expect(try file.floats(of: "x", converting: true) == expected, "\(dtype)")
      let target = AlignedBuffer<Float>(copying: [9, 9, 9, 9])
      expectFailure(.data, "element type", "F32", dtype) {
        try file.read("x", into: target.pointer, expectedShape: [4])
      }
      expectFailure(.data, "element type") { _ = try file.floats(of: "x") }
      #expect(Array(target.elements) == [9, 9, 9, 9])
    }
  }

  @Test func typesWithoutAConversionCanBeListedOnly() throws {
    for (dtype, size) in [("I32", 4), ("U16", 2), ("BOOL", 1), ("F8_E4M3", 1), ("nonsense", 3)] {
      let file = try fourElements(dtype, [UInt8](repeating: 0, count: 4 * size))
      #expect(file.names == ["x"] && file.entries[0].dtype == dtype && file.entries[0].count == 4)
      expectFailure(.data, "element type", dtype) { _ = try file.floats(of: "x", converting: true) }
    }
  }

  /// Longer than the pieces in which other types are converted.
  @Test func longTensorsAreConvertedInPieces() throws {
    let values = (0..<150_001).map { Double($0) }
    let file = try open(
      #"{"x":{"dtype":"F64","shape":[150001],"data_offsets":[0,1200008]}}"#, littleEndian(values))
    #expect(try file.floats(of: "x", converting: true) == values.map { Float($0) })
  }

  @Test func anotherShapeOrNameIsAnError() throws {
    let file = try open(
      #"{"x.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#, littleEndian([1, 2] as [Float]))
    let target = AlignedBuffer<Float>(copying: [9, 9])
    expectFailure(.data, "[2, 1]", "[1, 2]", "remedy") {
      try file.read("x.weight", into: target.pointer, expectedShape: [2, 1])
    }
    expectFailure(.data, "'y'", "x.weight") { _ = try file.floats(of: "y") }
    expectFailure(.data, "'weight'", "x.weight") { _ = try file.floats(of: "weight") }
    #expect(Array(target.elements) == [9, 9])
    try file.read("x.weight", into: target.pointer, expectedShape: [1, 2])
    #expect(Array(target.elements) == [1, 2])
  }

  // MARK: Wrong headers

  static let wrong: [(header: String, word: String)] = [
    ("", "JSON"), ("[]", "not a JSON object"), ("{", "JSON"), ("{}}", "JSON"), ("{} x", "JSON"), ("nul", "JSON"),
    (#"{"x":1}"#, "not described by an object"), (#"{"x":{}}"#, "dtype"), (#"{"x":{"dtype":3}}"#, "dtype"),
    (#"{"x":{"dtype":"F32","shape":[1]}}"#, "data_offsets"),
    (#"{"x":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, "shape"),
    (#"{"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, "integers"),
    (#"{"x":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#, "integers"),
    (#"{"x":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, "integers"),
    (#"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "negative"),
    (#"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, "too many"),
    (#"{"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}"#, "size"),
    (#"{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, "integers"),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "size"),
    (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "outside"),
    (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, "outside"),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "outside"),
    (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, "outside"),
    (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, "outside"),
    (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, "outside"),
    (#"{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, "bytes follow"), ("{}", "bytes follow"),
    (#"{"x":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}"#, "hole"),
    (
      #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}"#,
      "hole"
    ),
    (
      #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      "overlaps"
    ),
    (
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      "overlaps"
    ),
    (
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      "twice"
    ),
    (#"{"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}"#, "'shape' twice"),
    (#"{"__metadata__":{"a":1},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "not a string"),
    (#"{"__metadata__":{"a":"1","a":"2"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "'a' twice"),
    (#"{"__metadata__":[],"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "not an object"),
    (#"{"\ud800":{}}"#, "surrogate"), (#"{"\u12":{}}"#, "hexadecimal"), (#"{"\x":{}}"#, "escape"),
    ("{\"a\nb\":{}}", "control"), (#"{"x":{"dtype":"F32","shape":[[[[[[[[[[[[]]]]]]]]]]]]}}"#, "deeply"),
    (String(repeating: "[", count: 100_000), "deeply"),
  ]

  @Test func aWrongHeaderSaysWhatIsWrong() throws {
    for (header, word) in Self.wrong {
      expectFailure(.data, word, "x.safetensors") { _ = try open(header, [1, 2, 3, 4]) }
    }
    #expect(try open("{}").names.isEmpty)
  }

  @Test func namesMayBeEscaped() throws {
    let file = try open(
      #"{"A\ud83d\ude00\n\/":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  "#, littleEndian([7 as Float]))
    #expect(file.names == ["A😀\n/"])
    #expect(try file.floats(of: "A😀\n/") == [7])
  }

  @Test(arguments: [0, 1, 7]) func filesThatAreTooShort(count: Int) throws {
    try folder.write("short.safetensors", [UInt8](repeating: 0, count: count))
    expectFailure(.data, "8 bytes or more", "\(count) byte") {
      _ = try SafetensorsFile(path: folder.file("short.safetensors"))
    }
  }

  @Test(arguments: [3, 1 << 20, 100_000_001, 1 << 62, .max, 1 << 63] as [UInt64]) func headersLongerThanTheFile(
    length: UInt64
  ) throws {
    try folder.write("long.safetensors", littleEndian([length]) + Array("{}".utf8))
    expectFailure(.data, "impossible", "\(length)") { _ = try SafetensorsFile(path: folder.file("long.safetensors")) }
  }

  /// The file is sparse: no 100 MB are written or read.
  @Test func headersBeyondTheLimitAreRefusedUnread() throws {
    let path = try folder.write("huge.safetensors", littleEndian([UInt64(SafetensorsFile.maximumHeader + 1)]))
    truncate(path, off_t(SafetensorsFile.maximumHeader + 100))
    expectFailure(.data, "impossible", "at most 100000000") { _ = try SafetensorsFile(path: path) }
  }

  @Test func foldersAndPipesAreNoFiles() throws {
    expectFailure(.data, "not a regular file") { _ = try SafetensorsFile(path: folder.path) }
    expectFailure(.data, "cannot open") { _ = try SafetensorsFile(path: folder.file("missing")) }
    mkfifo(folder.file("pipe"), 0o600)
    expectFailure(.data, "not a regular file") { _ = try SafetensorsFile(path: folder.file("pipe")) }
  }

  /// Damaged copies of a good file, drawn by Philox: each is read, or is a failure of the data; none crashes.
  @Test func damagedFilesNeverCrash() throws {
    let values = AlignedBuffer(copying: normalNumbers(24, seed: 1))
    let good = folder.file("good.safetensors")
    try SafetensorsWriter.write(
      [
        NamedTensor(name: "encoder.0.weight", shape: [2, 3], pointer: values.pointer),
        NamedTensor(name: "encoder.0.bias", shape: [3], pointer: values.pointer + 6),
        NamedTensor(name: "ä\"\n", shape: [15, 1], pointer: values.pointer + 9),
      ], metadata: ["format": "pt"], to: good)
    let bytes = try folder.bytes(good)
    let header = bytes.count - 24 * 4
    var random = PhiloxStream(seed: 7, purpose: .evaluation)
    var (readable, failures) = (0, 0)
    for round in 0..<600 {
      var damaged = bytes
      switch round % 4 {
      case 0:
        for _ in 0...random.integer(below: 3) {
          damaged[random.integer(below: header)] ^= 1 << UInt8(random.integer(below: 8))
        }
      case 1: damaged.removeLast(1 + random.integer(below: damaged.count))
      case 2:
        // Digits, brackets and quotes are what a header is made of.
        let places = (8..<header).filter { damaged[$0] != 0x20 }
        damaged[places[random.integer(below: places.count)]] =
          Array("0123456789-{}[]\",:\\e.".utf8)[
            random.integer(below: 21)]
      default:
        let first = 8 + random.integer(below: header - 8)
        let piece = Array(damaged[first..<min(header, first + 1 + random.integer(below: 30))])
        damaged.insert(contentsOf: piece, at: 8 + random.integer(below: header - 8))
        let length = UInt64(header - 8 + piece.count)
        damaged.replaceSubrange(0..<8, with: littleEndian([length]))
      }
      try folder.write("damaged.safetensors", damaged)
      do {
        let file = try SafetensorsFile(path: folder.file("damaged.safetensors"))
        for entry in file.entries {
          if let floats = try? file.floats(of: entry.name, converting: true) { #expect(floats.count == entry.count) }
        }
        readable += 1
      } catch let failure as Failure where failure.kind == .data {
        failures += 1
      }
    }
    // Names and metadata may change unseen; most damage is seen.
    #expect(readable > 20 && failures > 300, "\(readable) readable, \(failures) failures")
  }
}
