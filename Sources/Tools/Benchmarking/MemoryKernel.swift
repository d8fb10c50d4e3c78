import Diagnostics
import Layers
import Optimization
import Tensors

/// A kernel that the memory limits, ready to run again and again.
struct MemoryKernel {
  var name: String
  /// What it works on: channels × extents × samples.
  var size: String
  /// Read and written in a run, each pass over a tensor once.
  var bytes: Int
  /// Of the tensors that it works on.
  var footprint: Int
  var run: () throws -> Void

  /// Forward and backward pass of a batch norm in training, with ReLU and on request with a residual's shortcut.
  ///
  /// Forward: moments (x), normalisation (x, the shortcut, y). Backward: sums (g, x; with a shortcut also y, and g is
  /// written), gradient (g, x, the result).
  static func normalisation(_ shape: TensorShape, addsShortcut: Bool) throws -> [MemoryKernel] {
    let norm = BatchNormalization("norm", channels: shape.channels, rectifies: true)
    let layers = Sequential([norm])
    let state = try ParameterSet(layers)
    try state.initialise(seed: 0)
    let workspace = try Workspace(
      batch: LocalBatch(), parameters: state.parameters, statistics: state.statistics, isTraining: true,
      convolution: .auto, largestGroup: state.parameters.layout.largestLayer)
    if addsShortcut { norm.shortcut = try workspace.activation(shape) }
    let network = try PlannedNetwork(layers, input: shape, workspace)
    for (seed, buffer) in (network.input.values + (norm.shortcut?.values ?? [])).enumerated() {
      Elementwise.fill(buffer, seed: seed)
    }
    // The gradient is overwritten by each run: it stays of the same size, since x has a variance of about 1.
    for buffer in network.output.gradients { Elementwise.fill(buffer, seed: 3) }
    let (name, size) = (addsShortcut ? "batch norm, add, ReLU" : "batch norm, ReLU", "\(shape)×\(shape.samples)")
    let tensor = shape.count * MemoryLayout<Float>.stride
    let (forward, backward) = addsShortcut ? (4, 7) : (3, 5)
    return [
      MemoryKernel(
        name: name + ", forward", size: size, bytes: forward * tensor, footprint: (addsShortcut ? 3 : 2) * tensor,
        run: network.forward),
      MemoryKernel(
        name: name + ", backward", size: size, bytes: backward * tensor, footprint: (addsShortcut ? 4 : 2) * tensor,
        run: network.backward),
    ]
  }

  /// y += x, the sum of two branches' gradients.
  static func sum(_ shape: TensorShape) throws -> MemoryKernel {
    let (x, y) = (try AlignedBuffer<Float>(shape.count), try AlignedBuffer<Float>(shape.count))
    Elementwise.fill(x, seed: 4)
    return MemoryKernel(
      name: "sum of gradients", size: "\(shape)×\(shape.samples)", bytes: 3 * x.bytes, footprint: 2 * x.bytes
    ) { Elementwise.add(x.pointer, into: y.pointer, count: x.count) }
  }

  /// AdamW and the gradient's norm over an arena of `count` parameters.
  static func optimizer(_ count: Int) throws -> [MemoryKernel] {
    var layout = ParameterLayout()
    try layout.append(name: "weight", shape: [1, count])
    let arena = try ParameterArena(layout)
    for (seed, buffer) in [arena.values, arena.gradients].enumerated() { Elementwise.fill(buffer, seed: seed) }
    let adam = try Adam(ParameterGroups(layout, weightDecay: 5e-4), decay: .decoupled)
    let norm = try GradientNorm(layout)
    let (size, tensor) = ("\(SummaryText.scaled(Double(count)))", arena.values.bytes)
    return [
      MemoryKernel(name: "AdamW", size: size, bytes: 7 * tensor, footprint: 4 * tensor) {
        adam.step(arena, learningRate: 1e-4)
      },
      MemoryKernel(name: "norm of the gradient", size: size, bytes: tensor, footprint: tensor) {
        _ = norm.measure(arena)
      },
    ]
  }
}
