import Tensors

extension ParameterArena {
  /// The parameters as tensors for a file; the arena must outlive them.
  package var namedTensors: [NamedTensor] { namedTensors(in: values) }

  /// An arena-sized buffer (an optimizer's moment) as tensors `prefix` + the parameter's name. Throws nothing: the
  /// buffer must have been made for this layout.
  package func namedTensors(in buffer: AlignedBuffer<Float>, prefix: String = "") -> [NamedTensor] {
    layout.entries.map {
      NamedTensor(name: prefix + $0.name, shape: $0.shape, pointer: UnsafePointer(buffer.pointer + $0.offset))
    }
  }
}
