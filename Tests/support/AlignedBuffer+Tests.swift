import Tensors

/// Buffers of tests are small: where there is no memory for them, the test process ends.
extension AlignedBuffer {
  package convenience init(_ count: Int) {
    do { try self.init(count, for: .workspaces) } catch { fatalError("\(error)") }
  }

  package convenience init(copying values: some Collection<Element>) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }
}
