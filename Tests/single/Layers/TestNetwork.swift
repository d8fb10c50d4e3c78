import Foundation
import Layers
import Tensors
import TestSupport

/// A whole batch in C order, samples × channels × positions, in double precision. In training view 1's samples come
/// first, then view 2's.
struct Samples {
  var samples: Int
  var channels: Int
  var spatial: [Int]
  var values: [Double]

  init(_ samples: Int, _ channels: Int, _ spatial: [Int] = []) {
    (self.samples, self.channels, self.spatial) = (samples, channels, spatial)
    values = [Double](repeating: 0, count: samples * channels * spatial.reduce(1, *))
  }

  /// Normal numbers that a `Float` holds exactly.
  init(_ samples: Int, _ channels: Int, _ spatial: [Int] = [], seed: UInt64) {
    self.init(samples, channels, spatial)
    values = normalNumbers(values.count, seed: seed).map { Double($0) }
  }

  var plane: Int { spatial.reduce(1, *) }

  func place(_ sample: Int, _ channel: Int, _ position: Int = 0) -> Int {
    (sample * channels + channel) * plane + position
  }

  subscript(sample: Int, channel: Int, position: Int) -> Double {
    get { values[place(sample, channel, position)] }
    set { values[place(sample, channel, position)] = newValue }
  }
}

extension KernelTable {
  /// One method for all directions of a layer.
  init(_ layer: String, _ method: ConvolutionMethod) {
    self.init()
    for direction in KernelDirection.allCases { self[layer + ".weight", direction] = method.rawValue }
  }
}

/// ‖x − y‖ / ‖y‖
func distance(_ x: [Double], from y: [Double]) -> Double {
  precondition(x.count == y.count)
  let norm = y.reduce(0) { $0 + $1 * $1 }
  return (zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / (norm > 0 ? norm : 1)).squareRoot()
}

/// The layout of what convolutions write on this processor.
let channelBlocks: TensorShape.Layout = {
  let layer = Convolution("c", inputChannels: 1, outputChannels: 1, kernel: [1, 1], padding: 0)
  let test = try! TestNetwork([layer], input: TensorShape(samples: 2, channels: 1, spatial: [1, 1]))
  return test.network.output.shape.layout
}()

/// Layers planned for a batch that is cut into shards, with numbers of a whole batch going in and coming out.
struct TestNetwork {
  let state: ParameterSet
  let network: PlannedNetwork
  let batch: WatchedBatch
  let shards: Int
  private let views: Int

  /// - Parameter input: of the whole batch: both views' samples in training.
  init(
    _ layers: [any Layer], input: TensorShape, shards: Int = 1, isTraining: Bool = true,
    convolution: ConvolutionAlgorithm = .direct, element: TensorShape.Element = .float32,
    kernels: KernelChooser = KernelChooser()
  ) throws {
    let layers = Sequential(layers)
    state = try ParameterSet(layers)
    (self.shards, views) = (shards, isTraining ? 2 : 1)
    var shape = input
    shape.samples /= shards
    batch = WatchedBatch(shards: shards)
    let workspace = try Workspace(
      batch: batch, parameters: state.parameters, statistics: state.statistics,
      isTraining: isTraining, convolution: convolution, element: element,
      largestGroup: state.parameters.layout.largestLayer, kernels: kernels)
    workspace.randomness = StepRandomness(seed: 3, step: 4)
    network = try PlannedNetwork(layers, input: shape, workspace)
    for entry in state.parameters.layout.entries {
      // Scales around 1, shifts around 0, weights that keep the size of what flows.
      let isScale = entry.shape.count == 1 && entry.name.hasSuffix("weight")
      let size = Float(entry.shape.dropFirst().reduce(1, *)).squareRoot()
      for i in 0..<entry.count {
        let value = noise(i, seed: UInt64(entry.offset + 1))
        state.parameters.pointer(of: entry)[i] = isScale ? 1 + 0.4 * value : value * 1.7 / size
      }
    }
    for entry in state.statistics.layout.entries {
      for i in 0..<entry.count {
        let value = noise(i, seed: UInt64(entry.offset + 99))
        state.statistics.pointer(of: entry)[i] = entry.name.hasSuffix("var") ? 1 + 0.5 * value : value
      }
    }
  }

  func forward(_ x: Samples) throws -> Samples {
    // What backward is to write is NaN at first: nothing may be left out or added to. Later its memory may hold
    // activations.
    for buffer in network.input.gradients { buffer.elements.update(repeating: .nan) }
    scatter(x, to: network.input.values, network.input.shape)
    try network.forward()
    return gather(network.output.values, network.output.shape)
  }

  /// The gradient of the input; nil where the first layer does not compute it.
  ///
  /// Parameters' gradients are NaN at first: nothing may be left out or added to.
  @discardableResult
  func backward(_ dy: Samples) throws -> Samples? {
    let layout = state.parameters.layout
    for entry in layout.entries { state.parameters.gradient(of: entry).update(repeating: .nan, count: entry.count) }
    scatter(dy, to: network.output.gradients, network.output.shape)
    try network.backward()
    guard !network.input.gradients.isEmpty else { return nil }
    return gather(network.input.gradients, network.input.shape)
  }

  func value(_ name: String) throws -> [Double] { try numbers(state.parameters, name) }
  func statistic(_ name: String) throws -> [Double] { try numbers(state.statistics, name) }
  func gradient(_ name: String) throws -> [Double] {
    let entry = try state.parameters.layout.entry(name)
    return (0..<entry.count).map { Double(state.parameters.gradient(of: entry)[$0]) }
  }

  private func numbers(_ arena: ParameterArena, _ name: String) throws -> [Double] {
    let entry = try arena.layout.entry(name)
    return (0..<entry.count).map { Double(arena.pointer(of: entry)[$0]) }
  }

  /// Whether the padding of channel blocks and of the gradients' arena is zero.
  var paddingStaysZero: Bool {
    let activations = [(network.output.values, network.output.shape), (network.input.gradients, network.input.shape)]
    let blocks = activations.allSatisfy { buffers, shape in
      guard case .blocked(let width) = shape.layout else { return true }
      return buffers.allSatisfy { buffer in
        (0..<shape.count).allSatisfy { i in
          let block = i / (shape.plane * width) % (shape.storedChannels / width)
          return block * width + i % width < shape.channels || buffer.pointer[i] == 0
        }
      }
    }
    return blocks && paddingIsZero(state.parameters.gradients, state.parameters.layout)
  }

  // MARK: Places in memory

  private func forEachElement(_ shape: TensorShape, _ body: (_ shard: Int, _ stored: Int, _ place: Int) -> Void) {
    let rows = shape.samples / views
    for shard in 0..<shards {
      for sample in 0..<shape.samples {
        let (view, row) = (sample / rows, sample % rows)
        let global = (view * shards + shard) * rows + row
        for channel in 0..<shape.channels {
          for position in 0..<shape.plane {
            let stored =
              switch shape.layout {
              case .plain: (sample * shape.channels + channel) * shape.plane + position
              case .blocked(let width):
                ((sample * (shape.storedChannels / width) + channel / width) * shape.plane + position) * width
                  + channel % width
              }
            body(shard, stored, (global * shape.channels + channel) * shape.plane + position)
          }
        }
      }
    }
  }

  private func scatter(_ x: Samples, to buffers: [AlignedBuffer<Float>], _ shape: TensorShape) {
    precondition(x.values.count == shards * shape.samples * shape.channels * shape.plane)
    for buffer in buffers { buffer.zero() }
    forEachElement(shape) { buffers[$0].pointer[$1] = Float(x.values[$2]) }
  }

  private func gather(_ buffers: [AlignedBuffer<Float>], _ shape: TensorShape) -> Samples {
    var result = Samples(shards * shape.samples, shape.channels, shape.spatial)
    forEachElement(shape) { result.values[$2] = Double(buffers[$0].pointer[$1]) }
    return result
  }
}
