import Tensors

/// A tensor to be written: a name, a shape in PyTorch's layout, and where its elements stand.
///
/// Does not own the memory: whoever makes it keeps the elements alive and unchanged until they are written.
package struct NamedTensor: @unchecked Sendable {
  package var name: String
  package var shape: [Int]
  let dtype: TensorType
  let address: UnsafeRawPointer
  /// Bytes of its elements; 0 for an impossible shape.
  package var bytes: Int { (elementCount(of: shape) ?? 0) * dtype.size }

  /// `shape` product floats from `pointer` on.
  package init(name: String, shape: [Int], pointer: UnsafePointer<Float>) {
    self.name = name
    self.shape = shape
    dtype = .f32
    address = UnsafeRawPointer(pointer)
  }

  /// 64-bit integers, such as PyTorch's `num_batches_tracked` (shape `[]`).
  package init(name: String, shape: [Int], integers: UnsafePointer<Int64>) {
    self.name = name
    self.shape = shape
    dtype = .i64
    address = UnsafeRawPointer(integers)
  }

  /// Elements of any type as they stand in a file: `shape` product times `dtype.size` bytes from `bytes` on.
  package init(name: String, shape: [Int], dtype: TensorType, bytes: UnsafePointer<UInt8>) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    address = UnsafeRawPointer(bytes)
  }
}

/// The element types that safetensors files name and bt-dist knows the size of.
package enum TensorType: String, Sendable, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"

  /// Bytes of one element.
  package var size: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool: 1
    }
  }
}
