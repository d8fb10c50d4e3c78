import Diagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A JSON5 file of options: its members in their order, each with its line.
package struct ConfigurationFile {
  package let path: String
  package let members: [JSON5Member]

  /// Parses the bytes of the file at `path`; a mistake in the JSON5 is a usage failure that names the line.
  package init(path: String, bytes: some Collection<UInt8>) throws(Failure) {
    self.path = path
    do throws(JSON5SyntaxError) {
      members = try JSON5Parser.parse(bytes)
    } catch {
      throw Failure(
        .usage, "not valid JSON5: \(error.message)", at: "\(path), line \(error.line)", remedy: error.remedy)
    }
  }

  /// Reads a whole file; any path that the system can open, `/dev/stdin` too.
  package static func read(path: String) throws(Failure) -> [UInt8] {
    func failure() -> Failure {
      Failure(
        .usage, "the configuration file cannot be read", at: path, found: String(cString: strerror(errno)),
        remedy: "give --config a JSON5 file that every rank can read")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw failure() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = block.withUnsafeMutableBytes { systemRead(descriptor, $0) }
      if count == 0 { return bytes }
      if count > 0 { bytes += block[..<count] } else if errno != EINTR { throw failure() }
    }
  }
}

/// The system's `read`, whose name the static method above would hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, buffer.baseAddress, buffer.count)
}
