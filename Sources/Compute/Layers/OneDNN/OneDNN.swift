internal import COneDNN
import Diagnostics

/// The CPU engine and stream of this process, and the one place where oneDNN's statuses are checked.
final class OneDNN: @unchecked Sendable {
  static let shared = try! OneDNN()

  let engine: dnnl_engine_t
  let stream: dnnl_stream_t
  /// Channels that this processor's convolutions keep together: 16 with AVX-512, 8 otherwise.
  let channelBlock: Int
  let bfloat16: BFloat16Support

  private init() throws {
    var engine: dnnl_engine_t?
    try Self.check("dnnl_engine_create", dnnl_engine_create(&engine, dnnl_cpu, 0))
    self.engine = engine!
    var stream: dnnl_stream_t?
    try Self.check("dnnl_stream_create", dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue))
    self.stream = stream!
    let isa = dnnl_get_effective_cpu_isa().rawValue
    func has(_ wanted: dnnl_cpu_isa_t) -> Bool { isa & wanted.rawValue == wanted.rawValue }
    channelBlock = has(dnnl_cpu_isa_avx512_core) ? 16 : 8
    bfloat16 = has(dnnl_cpu_isa_avx512_core_bf16) ? .native : has(dnnl_cpu_isa_avx512_core) ? .emulated : .none
  }

  deinit {
    dnnl_stream_destroy(stream)
    dnnl_engine_destroy(engine)
  }

  static func check(_ operation: String, _ status: dnnl_status_t) throws {
    guard status == dnnl_success else {
      throw Failure(.defect, "oneDNN: \(operation) returned status \(status.rawValue)")
    }
  }
}

/// What oneDNN 2.6 has for bf16 on a processor.
package enum BFloat16Support: Sendable {
  case none
  /// Kernels that emulate its instructions with others: correct, but slower than float32.
  case emulated
  /// Kernels with the processor's own instructions.
  case native

  /// That of this process.
  package static var current: BFloat16Support { OneDNN.shared.bfloat16 }
}

/// oneDNN's description of a tensor in memory.
struct MemoryDescriptor {
  var raw: dnnl_memory_desc_t

  init(_ raw: dnnl_memory_desc_t) { self.raw = raw }

  /// The descriptor of an activation.
  init(_ shape: TensorShape) throws {
    let tag: dnnl_format_tag_t
    switch (shape.layout, shape.spatial.count) {
    case (.plain, let rank): tag = Self.plainTag(dimensions: 2 + rank)
    case (.blocked(16), 2): tag = dnnl_aBcd16b
    case (.blocked(8), 2): tag = dnnl_aBcd8b
    case (.blocked(16), 3): tag = dnnl_aBcde16b
    case (.blocked(8), 3): tag = dnnl_aBcde8b
    default: throw Failure(.defect, "oneDNN has no layout for \(shape) in \(shape.layout)")
    }
    try self.init(dimensions: shape.dimensions, tag: tag, shape.element)
  }

  /// Plain C order: parameters as PyTorch stores them.
  static func plain(
    _ dimensions: [Int], _ element: TensorShape.Element = .float32
  ) throws -> MemoryDescriptor {
    try MemoryDescriptor(dimensions: dimensions, tag: plainTag(dimensions: dimensions.count), element)
  }

  /// Channels innermost (NHWC, NDHWC), for two or three spatial directions.
  static func channelsLast(
    _ dimensions: [Int], _ element: TensorShape.Element = .float32
  ) throws -> MemoryDescriptor {
    try MemoryDescriptor(dimensions: dimensions, tag: dimensions.count == 4 ? dnnl_acdb : dnnl_acdeb, element)
  }

  /// The layout is left to the primitive.
  static func any(_ dimensions: [Int], _ element: TensorShape.Element = .float32) throws -> MemoryDescriptor {
    try MemoryDescriptor(dimensions: dimensions, tag: dnnl_format_tag_any, element)
  }

  private init(dimensions: [Int], tag: dnnl_format_tag_t, _ element: TensorShape.Element) throws {
    raw = dnnl_memory_desc_t()
    let extents = dimensions.map { dnnl_dim_t($0) }
    try OneDNN.check(
      "dnnl_memory_desc_init_by_tag",
      dnnl_memory_desc_init_by_tag(&raw, Int32(extents.count), extents, element.dataType, tag))
  }

  private static func plainTag(dimensions: Int) -> dnnl_format_tag_t {
    [dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde, dnnl_abcdef][dimensions - 1]
  }

  var bytes: Int { withUnsafePointer(to: raw) { dnnl_memory_desc_get_size($0) } }
  /// Floats of memory, padding included.
  var count: Int { (bytes + 3) / 4 }
  var element: TensorShape.Element { raw.data_type == dnnl_bf16 ? .bfloat16 : .float32 }

  func isSame(as other: MemoryDescriptor) -> Bool {
    withUnsafePointer(to: raw) { a in withUnsafePointer(to: other.raw) { b in dnnl_memory_desc_equal(a, b) == 1 } }
  }
}

extension TensorShape.Element {
  fileprivate var dataType: dnnl_data_type_t { self == .float32 ? dnnl_f32 : dnnl_bf16 }
}

/// A tensor for oneDNN: a descriptor and the address of memory that somebody else owns.
final class Memory {
  let raw: dnnl_memory_t

  init(_ descriptor: MemoryDescriptor, _ address: UnsafeMutableRawPointer) throws {
    var memory: dnnl_memory_t?
    var descriptor = descriptor.raw
    try OneDNN.check(
      "dnnl_memory_create", dnnl_memory_create(&memory, &descriptor, OneDNN.shared.engine, address))
    raw = memory!
  }

  deinit { dnnl_memory_destroy(raw) }
}
