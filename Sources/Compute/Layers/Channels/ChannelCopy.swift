import Tensors

/// Copies or adds some channels of one tensor to some channels of another with the same samples and positions, in any
/// layouts.
struct ChannelCopy {
  /// Channels that lie next to each other in both tensors, in the first sample.
  private struct Run {
    let from: Int
    let to: Int
    let lanes: Int
  }

  private let (source, target): (ChannelLanes, ChannelLanes)
  private let runs: [Run]

  /// - Parameter from: the first channel that is read.
  /// - Parameter to: the first channel that is written.
  init(_ source: TensorShape, from: Int = 0, _ target: TensorShape, to: Int = 0, channels: Int) {
    let (source, target) = (ChannelLanes(source), ChannelLanes(target))
    (self.source, self.target) = (source, target)
    var runs: [Run] = []
    var done = 0
    while done < channels {
      let (a, b) = (from + done, to + done)
      let lanes = min(channels - done, source.width - a % source.width, target.width - b % target.width)
      runs.append(Run(from: source.place(ofChannel: a), to: target.place(ofChannel: b), lanes: lanes))
      done += lanes
    }
    self.runs = runs
  }

  /// Elements of the target that belong to other channels or to the padding stay as they are.
  func copy(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    forEachRun(x, y) { x, y, count in for i in 0..<count { y[i] = x[i] } }
  }

  /// Adds the source's channels to the target's.
  func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    forEachRun(x, y) { x, y, count in for i in 0..<count { y[i] += x[i] } }
  }

  @inline(__always)
  private func forEachRun(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, _ count: Int) -> Void
  ) {
    let plane = source.shape.plane
    let (strides, widths) = ((source.shape.sampleStride, target.shape.sampleStride), (source.width, target.width))
    ThreadPool.forEachRange(of: source.shape.samples * runs.count) { range in
      for index in range {
        let (sample, run) = (index / runs.count, runs[index % runs.count])
        let (x, y) = (x + sample * strides.0 + run.from, y + sample * strides.1 + run.to)
        if run.lanes == widths.0 && run.lanes == widths.1 {
          body(x, y, plane * run.lanes)
        } else {
          for position in 0..<plane { body(x + position * widths.0, y + position * widths.1, run.lanes) }
        }
      }
    }
  }
}

extension ChannelLanes {
  /// Where a channel's first position lies in the first sample.
  func place(ofChannel channel: Int) -> Int { channel / width * shape.plane * width + channel % width }

  /// Sets the padding of the last block to zero.
  func zeroPadding(_ x: UnsafeMutablePointer<Float>) {
    guard shape.storedChannels > shape.channels else { return }
    forEachBlock { block in
      guard block.lanes < width else { return }
      for position in 0..<shape.plane {
        for lane in block.lanes..<width { x[block.offset + position * width + lane] = 0 }
      }
    }
  }
}
