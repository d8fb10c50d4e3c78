import Diagnostics

/// The header of a NumPy file: its magic, version, and a Python dictionary with the type, the order and the shape.
struct NpyHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// The longest dictionary that is read. NumPy's own limit for headers that it trusts is 10,000.
  static let longest = 1 << 20

  let shape: [Int]
  let element: NpyFile.Element
  /// The first byte after the header.
  let end: Int

  init(_ file: InputFile) throws {
    let path = file.path
    guard file.bytes >= 10, try Self.bytes(file, 0, 6) == Self.magic else {
      throw Failure(
        .data, "not a NumPy array file", at: path, expected: "the bytes 93 'NUMPY' at the beginning",
        remedy: "save the array with numpy.save")
    }
    let version = try Self.bytes(file, 6, 2)
    let (major, minor) = (version[0], version[1])
    guard (1...3).contains(major), minor == 0 else {
      throw Failure(
        .data, "an unknown version of the NumPy format", at: path, expected: "1.0, 2.0 or 3.0",
        found: "\(major).\(minor)")
    }
    let digits = major == 1 ? 2 : 4
    guard file.bytes >= 8 + digits else { throw Self.tooShort(file) }
    let length = try Self.bytes(file, 8, digits).reversed().reduce(0) { $0 << 8 | Int($1) }
    end = 8 + digits + length
    guard length <= Self.longest, end <= file.bytes else { throw Self.tooShort(file) }

    var dictionary = NpyDictionary(text: try Self.bytes(file, 8 + digits, length))
    do {
      try dictionary.parse()
    } catch {
      throw Failure(
        .data, "the NumPy header cannot be read: \(error.message)", at: "\(path), byte \(8 + digits + error.offset)",
        expected: "{'descr': '<f4', 'fortran_order': False, 'shape': (...), }",
        found: String(decoding: dictionary.text.prefix(120), as: UTF8.self), remedy: "save the array with numpy.save")
    }
    guard let type = dictionary.type, let fortran = dictionary.fortranOrder, let shape = dictionary.shape else {
      throw Failure(
        .data, "the NumPy header is not complete", at: path, expected: "'descr', 'fortran_order' and 'shape'",
        found: String(decoding: dictionary.text.prefix(120), as: UTF8.self), remedy: "save the array with numpy.save")
    }
    element = try Self.element(type, path)
    // The order of an array with at most one long dimension is both at once.
    if fortran, shape.filter({ $0 != 1 }).count > 1 {
      throw Failure(
        .data, "the array is in Fortran order", at: path, expected: "C order (the last index runs fastest)",
        remedy: "save numpy.ascontiguousarray(x)")
    }
    self.shape = shape
  }

  private static func element(_ type: String, _ path: String) throws -> NpyFile.Element {
    let known = NpyFile.Element.allCases.map(\.rawValue).joined(separator: ", ")
    guard let order = type.first, "<>|=".contains(order),
      let element = NpyFile.Element(rawValue: String(type.dropFirst()))
    else {
      throw Failure(
        .data, "the elements have a type that cannot be read", at: path, expected: "one of \(known)", found: type,
        remedy: remedy(forType: type))
    }
    if order == ">", element.size > 1 {
      throw Failure(
        .data, "the elements are big-endian", at: path, expected: "<\(element.rawValue)", found: type,
        remedy: "save x.astype('<\(element.rawValue)')")
    }
    return element
  }

  /// How to save numbers in place of elements of another type, without losing what they say.
  private static func remedy(forType type: String) -> String {
    switch type.drop(while: { "<>|=".contains($0) }).first {
    case "U", "S", "a": "number the texts: save numpy.unique(x, return_inverse=True)[1]"
    case "O": "save one array of numbers: numpy.stack(list(x)) where all have one shape"
    case "c": "save real and imaginary parts as channels: numpy.stack([x.real, x.imag], axis=1).astype(numpy.float32)"
    case "f", "g": "save x.astype(numpy.float32)"
    default: "save an array of numbers"
    }
  }

  private static func tooShort(_ file: InputFile) -> Failure {
    Failure(
      .data, "the file ends within its NumPy header, or the header's length is damaged", at: file.path,
      found: "\(file.bytes.counted("byte")) in all", remedy: "save the array again")
  }

  static func bytes(_ file: InputFile, _ offset: Int, _ count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { try file.read(at: offset, into: .init(start: base, count: count)) }
      initialized = count
    }
  }
}
