internal import COpenSSL
import Diagnostics
import Tensors

/// SHA-256 of bytes that arrive in pieces (OpenSSL's EVP; FIPS 180-4).
///
/// Not for several threads at once. An error of OpenSSL is a `Failure(.defect)`.
package final class SHA256 {
  private let context: OpaquePointer

  package init() throws {
    guard let context = EVP_MD_CTX_new() else { throw SHA256.failure("EVP_MD_CTX_new") }
    self.context = context
    // From here on deinit frees the context, also when this throws.
    guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { throw SHA256.failure("EVP_DigestInit_ex") }
  }

  deinit { EVP_MD_CTX_free(context) }

  package func update(_ data: UnsafeRawBufferPointer) throws {
    guard data.count > 0 else { return }
    guard EVP_DigestUpdate(context, data.baseAddress, data.count) == 1 else { throw SHA256.failure("EVP_DigestUpdate") }
  }

  /// The digest as 64 lower-case hexadecimal digits. The object can then only be thrown away.
  package func finish() throws -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    guard EVP_DigestFinal_ex(context, &digest, &length) == 1, length == 32 else {
      throw SHA256.failure("EVP_DigestFinal_ex")
    }
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  package static func hex(of data: UnsafeRawBufferPointer) throws -> String {
    let hash = try SHA256()
    try hash.update(data)
    return try hash.finish()
  }

  package static func hex(of text: String) throws -> String {
    var text = text
    return try text.withUTF8 { try hex(of: UnsafeRawBufferPointer($0)) }
  }

  /// The digest of a whole file, read in pieces of 1 MiB. A file that cannot be read is a `Failure(.data)`.
  package static func hex(ofFile path: String) throws -> String {
    let file = try InputFile(path: path)
    let hash = try SHA256()
    let piece = try AlignedBuffer<UInt8>(1 << 20)
    var offset = 0
    while offset < file.bytes {
      let count = min(piece.count, file.bytes - offset)
      try file.read(at: offset, into: UnsafeMutableRawBufferPointer(start: piece.pointer, count: count))
      try hash.update(UnsafeRawBufferPointer(start: piece.pointer, count: count))
      offset += count
    }
    return try hash.finish()
  }

  private static func failure(_ call: String) -> Failure { Failure(.defect, "OpenSSL's \(call) failed") }
}
