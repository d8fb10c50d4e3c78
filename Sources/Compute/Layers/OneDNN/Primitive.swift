internal import COneDNN
import Tensors

/// An operation of oneDNN compiled for fixed shapes and layouts.
final class Primitive {
  let raw: dnnl_primitive_t
  let descriptor: dnnl_primitive_desc_t
  /// The name of oneDNN's kernel, such as `jit:avx512_core`.
  let implementation: String

  /// - Parameter operation: a pointer to an initialised operation descriptor.
  /// - Parameter hint: the forward primitive, for a backward one.
  convenience init(_ name: String, operation: UnsafeRawPointer, hint: Primitive? = nil) throws {
    let attributes = try Attributes()
    var descriptor: dnnl_primitive_desc_t?
    try OneDNN.check(
      "creating \(name)",
      dnnl_primitive_desc_create(&descriptor, operation, attributes.raw, OneDNN.shared.engine, hint?.descriptor))
    try self.init(name, descriptor: descriptor!)
  }

  /// Copies between two layouts of the same tensor.
  static func reorder(from source: MemoryDescriptor, to target: MemoryDescriptor) throws -> Primitive {
    var descriptor: dnnl_primitive_desc_t?
    var (source, target) = (source.raw, target.raw)
    let (engine, attributes) = (OneDNN.shared.engine, try Attributes())
    try OneDNN.check(
      "creating a reorder",
      dnnl_reorder_primitive_desc_create(&descriptor, &source, engine, &target, engine, attributes.raw))
    return try Primitive("reorder", descriptor: descriptor!)
  }

  private init(_ name: String, descriptor: dnnl_primitive_desc_t) throws {
    self.descriptor = descriptor
    var text: UnsafePointer<CChar>?
    dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &text)
    implementation = text.map { String(cString: $0) } ?? "?"
    var primitive: dnnl_primitive_t?
    try OneDNN.check("compiling \(name)", dnnl_primitive_create(&primitive, descriptor))
    raw = primitive!
  }

  deinit {
    dnnl_primitive_destroy(raw)
    dnnl_primitive_desc_destroy(descriptor)
  }

  /// Whether oneDNN found no fast kernel for these shapes.
  var isReference: Bool { implementation.hasPrefix("ref") || implementation.contains(":ref") }

  var isWinograd: Bool { implementation.contains("wino") }

  /// The layout that the primitive wants for one of its tensors.
  func layout(_ query: dnnl_query_t, _ index: Int32 = 0) -> MemoryDescriptor {
    MemoryDescriptor(dnnl_primitive_desc_query_md(descriptor, query, index).pointee)
  }

  var scratchpadBytes: Int { layout(dnnl_query_scratchpad_md).bytes }
}

/// Attributes that make a primitive use the caller's scratchpad.
private final class Attributes {
  let raw: dnnl_primitive_attr_t

  init() throws {
    var attributes: dnnl_primitive_attr_t?
    try OneDNN.check("dnnl_primitive_attr_create", dnnl_primitive_attr_create(&attributes))
    raw = attributes!
    try OneDNN.check(
      "dnnl_primitive_attr_set_scratchpad_mode",
      dnnl_primitive_attr_set_scratchpad_mode(raw, dnnl_scratchpad_mode_user))
  }

  deinit { dnnl_primitive_attr_destroy(raw) }
}

/// A primitive with its tensors: made once, run every step without allocating.
final class PreparedCall {
  private let primitive: Primitive
  private let memories: [Memory]
  private let arguments: UnsafeMutablePointer<dnnl_exec_arg_t>
  private let count: Int32

  /// - Parameter scratchpad: where the primitive finds working memory.
  init(
    _ primitive: Primitive, scratchpad: Scratchpad,
    _ tensors: [(argument: Int32, layout: MemoryDescriptor, address: UnsafeMutableRawPointer)]
  ) throws {
    self.primitive = primitive
    var memories = try tensors.map { try Memory($0.layout, $0.address) }
    var names = tensors.map(\.argument)
    if primitive.scratchpadBytes > 0 {
      memories.append(try scratchpad.memory(for: primitive))
      names.append(DNNL_ARG_SCRATCHPAD)
    }
    self.memories = memories
    count = Int32(memories.count)
    arguments = .allocate(capacity: memories.count)
    for (i, memory) in memories.enumerated() {
      arguments[i] = dnnl_exec_arg_t(arg: names[i], memory: memory.raw)
    }
  }

  deinit { arguments.deallocate() }

  func run() throws {
    try OneDNN.check(
      primitive.implementation, dnnl_primitive_execute(primitive.raw, OneDNN.shared.stream, count, arguments))
  }
}

/// The working memory of primitives: they run one after another, so each takes it from what is free when it is planned.
final class Scratchpad {
  var pool: BufferArena

  init(_ pool: BufferArena) { self.pool = pool }

  /// Memory that `primitive` may use while it runs.
  func memory(for primitive: Primitive) throws -> Memory {
    let buffer = try pool.take(primitive.scratchpadBytes, of: UInt8.self)
    defer { pool.giveBack(buffer) }
    return try Memory(primitive.layout(dnnl_query_scratchpad_md), buffer.pointer)
  }
}
