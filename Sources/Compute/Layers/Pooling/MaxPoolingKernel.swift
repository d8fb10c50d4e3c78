import Tensors

/// Max pooling of one shard's tensor, a block of channels at a time.
struct MaxPoolingKernel {
  private let windows: ConvolutionWindows
  private let (input, output): (ChannelLanes, ChannelLanes)
  /// From a window's beginning to each of its positions, in elements.
  private let offsets: AlignedBuffer<Int>

  init(input: TensorShape, output: TensorShape, _ windows: ConvolutionWindows) throws {
    self.windows = windows
    (self.input, self.output) = (
      ChannelLanes(input, joinsBlocks: false), ChannelLanes(output, joinsBlocks: false)
    )
    let (depth, height, width) = (windows.depth, windows.height, windows.width)
    offsets = try AlignedBuffer(windows.volume)
    for tap in 0..<windows.volume {
      let (a, b, c) = (tap / (height.kernel * width.kernel), tap / width.kernel % height.kernel, tap % width.kernel)
      precondition(a < depth.kernel)
      offsets.pointer[tap] = ((a * height.input + b) * width.input + c) * self.input.width
    }
  }

  /// - Parameter choices: for each element of the output the maximum's place in the window; nil in inference.
  func forward(
    _ x: AlignedBuffer<Float>, to y: AlignedBuffer<Float>, choices: UnsafeMutablePointer<UInt16>?
  ) {
    switch input.shape.element {
    case .float32: forward(x.pointer, y.pointer, choices)
    case .bfloat16: forward(x.bfloat16, y.bfloat16, choices)
    }
  }

  private func forward<Number: StoredNumber>(
    _ x: UnsafePointer<Number>, _ y: UnsafeMutablePointer<Number>, _ choices: UnsafeMutablePointer<UInt16>?
  ) {
    switch input.width {
    case 16: forward(x, y, choices, VectorMaximum<SIMD16<Float>>.self)
    case 8: forward(x, y, choices, VectorMaximum<SIMD8<Float>>.self)
    default: forward(x, y, choices, SingleMaximum.self)
    }
  }

  /// Each block of channels in one sample is one task: sums follow the order of the output's positions, with any
  /// number of threads.
  func backward(_ dy: AlignedBuffer<Float>, choices: UnsafePointer<UInt16>, to dx: AlignedBuffer<Float>) {
    switch input.shape.element {
    case .float32: backward(dy.pointer, choices, to: dx.pointer)
    case .bfloat16: backward(dy.bfloat16, choices, to: dx.bfloat16)
    }
  }

  private func backward<Number: StoredNumber>(
    _ dy: UnsafePointer<Number>, _ choices: UnsafePointer<UInt16>, to dx: UnsafeMutablePointer<Number>
  ) {
    let (width, offsets) = (input.width, offsets.pointer)
    input.forEachBlock { block in
      let target = dx + block.offset
      target.update(repeating: Number(0), count: windows.inputPositions * width)
      var at = output.offset(of: block)
      windows.forEachStart { start in
        let target = target + start * width
        for lane in 0..<block.lanes {
          let place = offsets[Int(choices[at + lane])] + lane
          target[place] = Number(target[place].float + dy[at + lane].float)
        }
        at += width
      }
    }
  }

  @inline(__always)
  private func forward<Lanes: MaximumLanes, Number: StoredNumber>(
    _ x: UnsafePointer<Number>, _ y: UnsafeMutablePointer<Number>, _ choices: UnsafeMutablePointer<UInt16>?,
    _ type: Lanes.Type
  ) {
    let (depth, height, width) = (windows.depth, windows.height, windows.width)
    let offsets = offsets.pointer
    input.forEachBlock { block in
      var at = output.offset(of: block)
      for z in 0..<depth.output {
        let planes = depth.taps(z)
        for row in 0..<height.output {
          let rows = height.taps(row)
          for column in 0..<width.output {
            let columns = width.taps(column)
            let start = (depth.place(z, 0) * height.input + height.place(row, 0)) * width.input + width.place(column, 0)
            let source = x + block.offset + start * Lanes.count
            let first = (planes.lowerBound * height.kernel + rows.lowerBound) * width.kernel + columns.lowerBound
            var maximum = Lanes(first: Int32(truncatingIfNeeded: first))
            for a in planes {
              for b in rows {
                let tap = (a * height.kernel + b) * width.kernel
                for c in columns {
                  maximum.take(source + offsets[tap + c], Int32(truncatingIfNeeded: tap + c))
                }
              }
            }
            maximum.store(y + at, choices.map { $0 + at })
            at += Lanes.count
          }
        }
      }
    }
  }
}

extension ConvolutionWindows {
  fileprivate var inputPositions: Int { depth.input * height.input * width.input }

  /// Calls `body` for each position of the output with the place of its window's beginning, which may lie in the
  /// padding.
  @inline(__always)
  fileprivate func forEachStart(_ body: (_ start: Int) -> Void) {
    for z in 0..<depth.output {
      for y in 0..<height.output {
        let row = (depth.place(z, 0) * height.input + height.place(y, 0)) * width.input
        for x in 0..<width.output { body(row + width.place(x, 0)) }
      }
    }
  }
}
