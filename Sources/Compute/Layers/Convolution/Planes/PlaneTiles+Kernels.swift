extension PlaneTiles {
  /// BᵀxB of each tile, 6×6 inputs that overlap by 2.
  func transformInput(_ x: UnsafePointer<Float>, samples: Range<Int>, to v: UnsafeMutablePointer<Float>) {
    lanes == 16
      ? transformInput(x, samples, v, SIMD16<Float>.self) : transformInput(x, samples, v, SIMD8<Float>.self)
  }

  /// A∂L/∂yAᵀ of each tile, 4×4 gradients of outputs.
  func transformOutputGradient(_ dy: UnsafePointer<Float>, samples: Range<Int>, to v: UnsafeMutablePointer<Float>) {
    lanes == 16
      ? transformGradient(dy, samples, v, SIMD16<Float>.self) : transformGradient(dy, samples, v, SIMD8<Float>.self)
  }

  /// y = AᵀmA of each tile, and the bias if there is one.
  func transformOutput(
    _ m: UnsafePointer<Float>, samples: Range<Int>, bias: UnsafePointer<Float>?, to y: UnsafeMutablePointer<Float>
  ) {
    lanes == 16
      ? transformOutput(m, samples, bias, y, SIMD16<Float>.self)
      : transformOutput(m, samples, bias, y, SIMD8<Float>.self)
  }

  /// The position of a plane, or zeros outside it.
  @inline(__always)
  private func load<Vector: FloatVector>(
    _ plane: UnsafePointer<Float>, _ y: Int, _ x: Int, _ type: Vector.Type
  ) -> Vector {
    guard UInt(bitPattern: y) < UInt(height), UInt(bitPattern: x) < UInt(width) else { return .zero }
    return .load(plane + (y * width + x) * lanes, full: true, lanes: lanes)
  }

  /// Writes the rows of a transformed tile of one block to the 36 matrices.
  @inline(__always)
  private func store<Vector>(_ row: Six<Vector>, _ index: Int, _ v: UnsafeMutablePointer<Float>, _ stride: Int) {
    let v = v + index * Winograd.inputs * stride
    row.a.store(v, full: true, lanes: 0)
    row.b.store(v + stride, full: true, lanes: 0)
    row.c.store(v + 2 * stride, full: true, lanes: 0)
    row.d.store(v + 3 * stride, full: true, lanes: 0)
    row.e.store(v + 4 * stride, full: true, lanes: 0)
    row.f.store(v + 5 * stride, full: true, lanes: 0)
  }

  private func transformInput<Vector: FloatVector>(
    _ x: UnsafePointer<Float>, _ samples: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ type: Vector.Type
  ) {
    let (blockStride, stride) = (shape.plane * lanes, depth * samples.count * tiles * channels)
    forEachRow(of: samples) { plane, row, matrixRow in
      let y = row * Winograd.outputs - top
      for tile in 0..<columns {
        let left = tile * Winograd.outputs - left
        for block in 0..<blocks {
          let source = x + plane + block * blockStride
          @inline(__always)
          func column(_ x: Int) -> Six<Vector> {
            Winograd.input(
              Six(
                load(source, y, x, type), load(source, y + 1, x, type), load(source, y + 2, x, type),
                load(source, y + 3, x, type), load(source, y + 4, x, type), load(source, y + 5, x, type)))
          }
          let (a, b, c) = (column(left), column(left + 1), column(left + 2))
          let (d, e, f) = (column(left + 3), column(left + 4), column(left + 5))
          let target = v + (matrixRow + tile) * channels + block * lanes
          store(Winograd.input(Six(a.a, b.a, c.a, d.a, e.a, f.a)), 0, target, stride)
          store(Winograd.input(Six(a.b, b.b, c.b, d.b, e.b, f.b)), 1, target, stride)
          store(Winograd.input(Six(a.c, b.c, c.c, d.c, e.c, f.c)), 2, target, stride)
          store(Winograd.input(Six(a.d, b.d, c.d, d.d, e.d, f.d)), 3, target, stride)
          store(Winograd.input(Six(a.e, b.e, c.e, d.e, e.e, f.e)), 4, target, stride)
          store(Winograd.input(Six(a.f, b.f, c.f, d.f, e.f, f.f)), 5, target, stride)
        }
      }
    }
  }

  private func transformGradient<Vector: FloatVector>(
    _ dy: UnsafePointer<Float>, _ samples: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ type: Vector.Type
  ) {
    let (blockStride, stride) = (shape.plane * lanes, depth * samples.count * tiles * channels)
    forEachRow(of: samples) { plane, row, matrixRow in
      let y = row * Winograd.outputs
      for tile in 0..<columns {
        let left = tile * Winograd.outputs
        for block in 0..<blocks {
          let source = dy + plane + block * blockStride
          @inline(__always)
          func column(_ x: Int) -> Six<Vector> {
            Winograd.outputGradient(
              Four(
                load(source, y, x, type), load(source, y + 1, x, type), load(source, y + 2, x, type),
                load(source, y + 3, x, type)))
          }
          let (a, b, c, d) = (column(left), column(left + 1), column(left + 2), column(left + 3))
          let target = v + (matrixRow + tile) * channels + block * lanes
          store(Winograd.outputGradient(Four(a.a, b.a, c.a, d.a)), 0, target, stride)
          store(Winograd.outputGradient(Four(a.b, b.b, c.b, d.b)), 1, target, stride)
          store(Winograd.outputGradient(Four(a.c, b.c, c.c, d.c)), 2, target, stride)
          store(Winograd.outputGradient(Four(a.d, b.d, c.d, d.d)), 3, target, stride)
          store(Winograd.outputGradient(Four(a.e, b.e, c.e, d.e)), 4, target, stride)
          store(Winograd.outputGradient(Four(a.f, b.f, c.f, d.f)), 5, target, stride)
        }
      }
    }
  }

  private func transformOutput<Vector: FloatVector>(
    _ m: UnsafePointer<Float>, _ samples: Range<Int>, _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>,
    _ type: Vector.Type
  ) {
    let (blockStride, stride) = (shape.plane * lanes, depth * samples.count * tiles * channels)
    forEachRow(of: samples) { plane, row, matrixRow in
      let top = row * Winograd.outputs
      for tile in 0..<columns {
        let left = tile * Winograd.outputs
        for block in 0..<blocks {
          let source = m + (matrixRow + tile) * channels + block * lanes
          @inline(__always)
          func product(_ index: Int) -> Vector { .load(source + index * stride, full: true, lanes: 0) }
          @inline(__always)
          func column(_ j: Int) -> Four<Vector> {
            Winograd.output(
              Six(
                product(j), product(j + 6), product(j + 12), product(j + 18), product(j + 24), product(j + 30)))
          }
          let (a, b, c) = (column(0), column(1), column(2))
          let (d, e, f) = (column(3), column(4), column(5))
          let known = min(lanes, shape.channels - block * lanes)
          let shift: Vector = bias.map { .load($0 + block * lanes, full: known == lanes, lanes: known) } ?? .zero
          let target = y + plane + block * blockStride
          @inline(__always)
          func write(_ row: Six<Vector>, _ y: Int) {
            guard y < height else { return }
            let result = Winograd.output(row)
            let target = target + (y * width + left) * lanes
            (result.a + shift).store(target, full: true, lanes: 0)
            if left + 1 < width { (result.b + shift).store(target + lanes, full: true, lanes: 0) }
            if left + 2 < width { (result.c + shift).store(target + 2 * lanes, full: true, lanes: 0) }
            if left + 3 < width { (result.d + shift).store(target + 3 * lanes, full: true, lanes: 0) }
          }
          write(Six(a.a, b.a, c.a, d.a, e.a, f.a), top)
          write(Six(a.b, b.b, c.b, d.b, e.b, f.b), top + 1)
          write(Six(a.c, b.c, c.c, d.c, e.c, f.c), top + 2)
          write(Six(a.d, b.d, c.d, d.d, e.d, f.d), top + 3)
        }
      }
    }
  }
}
