import Diagnostics

/// The mean over windows that give an output of the wanted extents (PyTorch's `AdaptiveAvgPool1d/2d/3d`).
///
/// Output i of o over n positions is the mean of positions ⌊i·n/o⌋ up to ⌈(i+1)·n/o⌉: windows overlap where o does not
/// divide n, and repeat where o is larger. For one number per channel, as rows, there is `GlobalAveragePooling`.
public final class AdaptiveAveragePooling: Layer {
  public let parameters: [ParameterSpec] = []
  /// Extents of the output, one per direction.
  public let extents: [Int]
  private var input: Activation!
  private var output: Activation!
  private var from: ChannelLanes!
  private var to: ChannelLanes!
  /// Of the three directions; missing ones have a single position.
  private var windows: (depth: [Range<Int>], height: [Range<Int>], width: [Range<Int>]) = ([], [], [])

  public init(output extents: [Int]) { self.extents = extents }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    let spatial = input.shape.spatial
    guard (1...3).contains(spatial.count), extents.count == spatial.count, extents.allSatisfy({ $0 >= 1 }) else {
      throw Failure(
        .usage, "the output of adaptive average pooling does not fit its input",
        expected: "\(spatial.count) extents of at least 1, for an input of \(input.shape)", found: "\(extents)")
    }
    self.input = input
    var shape = input.shape
    shape.spatial = extents
    output = try workspace.activation(shape)
    (from, to) = (ChannelLanes(input.shape, joinsBlocks: false), ChannelLanes(shape, joinsBlocks: false))
    let missing = [[Range<Int>]](repeating: [0..<1], count: 3 - spatial.count)
    let all = missing + zip(spatial, extents).map { n, o in (0..<o).map { $0 * n / o..<(($0 + 1) * n + o - 1) / o } }
    windows = (all[0], all[1], all[2])
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = try workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  public var letsInputGo: Bool { true }

  public func forward() {
    let width = from.width
    for (x, y) in zip(input.values, output.values) {
      to.forEachBlock { block in
        let start = x.pointer + from.offset(of: block)
        forEachWindow(y.pointer + block.offset) { mean, positions, share in
          for lane in 0..<block.lanes { mean[lane] = 0 }
          positions { position in
            let at = start + position * width
            for lane in 0..<block.lanes { mean[lane] += at[lane] }
          }
          for lane in 0..<block.lanes { mean[lane] *= share }
        }
      }
    }
  }

  public func backward() {
    let width = from.width
    for (dx, dy) in zip(input.gradients, output.gradients) {
      to.forEachBlock { block in
        let start = dx.pointer + from.offset(of: block)
        start.update(repeating: 0, count: input.shape.plane * width)
        forEachWindow(dy.pointer + block.offset) { gradient, positions, share in
          positions { position in
            let at = start + position * width
            for lane in 0..<block.lanes { at[lane] += gradient[lane] * share }
          }
        }
      }
    }
  }

  /// Calls `body` for each position of one block of the output: where it lies, the input's positions of its window one
  /// after another, and 1 / their number.
  @inline(__always)
  private func forEachWindow(
    _ output: UnsafeMutablePointer<Float>,
    _ body: (_ output: UnsafeMutablePointer<Float>, _ positions: ((Int) -> Void) -> Void, _ share: Float) -> Void
  ) {
    let spatial = input.shape.spatial
    let columns = spatial[spatial.count - 1]
    let rows = spatial.count > 1 ? spatial[spatial.count - 2] : 1
    var at = output
    for depth in windows.depth {
      for height in windows.height {
        for across in windows.width {
          let share = 1 / Float(depth.count * height.count * across.count)
          body(
            at,
            { visit in
              for z in depth {
                for y in height {
                  for x in across { visit((z * rows + y) * columns + x) }
                }
              }
            }, share)
          at += to.width
        }
      }
    }
  }
}
