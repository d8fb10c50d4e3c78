import Tensors

/// GgGᵀ of a weight's 3×3 planes: 36 · kernel depths matrices of output × input channels, each padded with zeros to
/// whole channel blocks.
struct PlaneWeights {
  let outputs: Int
  let inputs: Int
  /// Of the kernel.
  let depths: Int
  /// Rows and columns of a matrix.
  let (rows, columns): (Int, Int)

  /// - Parameter shape: outputs × inputs × 3 × 3, or outputs × inputs × depths × 3 × 3.
  init(_ shape: [Int], rows: Int, columns: Int) {
    outputs = shape[0]
    inputs = shape[1]
    depths = shape.count == 5 ? shape[2] : 1
    (self.rows, self.columns) = (rows, columns)
  }

  var count: Int { PlaneTiles.matrices * depths * rows * columns }

  /// Where a matrix begins.
  func offset(matrix: Int, depth: Int) -> Int { (matrix * depths + depth) * rows * columns }

  /// - Parameter isFlipped: turned around in all directions, as the data gradient wants it.
  func transform(_ w: UnsafePointer<Float>, isFlipped: Bool, to u: UnsafeMutablePointer<Float>) {
    columns % 16 == 0
      ? transform(w, isFlipped, u, SIMD16<Float>.self) : transform(w, isFlipped, u, SIMD8<Float>.self)
  }

  /// GᵀuG: the gradient of the weight, in PyTorch's order.
  func transformGradient(_ u: UnsafePointer<Float>, to dw: UnsafeMutablePointer<Float>) {
    columns % 16 == 0 ? transformGradient(u, dw, SIMD16<Float>.self) : transformGradient(u, dw, SIMD8<Float>.self)
  }

  private func transform<Vector: FloatVector>(
    _ w: UnsafePointer<Float>, _ isFlipped: Bool, _ u: UnsafeMutablePointer<Float>, _ type: Vector.Type
  ) {
    let (lanes, stride, matrix) = (Vector.scalarCount, depths * 9, depths * rows * columns)
    ThreadPool.forEachRange(of: rows) { range in
      for row in range {
        for first in Swift.stride(from: 0, to: columns, by: lanes) {
          let known = row < outputs ? max(0, min(lanes, inputs - first)) : 0
          for depth in 0..<depths {
            let source = w + (row * inputs + first) * stride + (isFlipped ? depths - 1 - depth : depth) * 9
            @inline(__always)
            func tap(_ i: Int, _ j: Int) -> Vector {
              let place = isFlipped ? 8 - 3 * i - j : 3 * i + j
              var vector = Vector.zero
              if known == Vector.scalarCount {
                for lane in 0..<Vector.scalarCount { vector[lane] = source[lane * stride + place] }
              } else {
                for lane in 0..<known { vector[lane] = source[lane * stride + place] }
              }
              return vector
            }
            @inline(__always)
            func column(_ j: Int) -> Six<Vector> { Winograd.weight(Three(tap(0, j), tap(1, j), tap(2, j))) }
            let (a, b, c) = (column(0), column(1), column(2))
            let target = u + (depth * rows + row) * columns + first
            @inline(__always)
            func store(_ row: Three<Vector>, _ index: Int) {
              let (row, target) = (Winograd.weight(row), target + 6 * index * matrix)
              row.a.store(target, full: true, lanes: 0)
              row.b.store(target + matrix, full: true, lanes: 0)
              row.c.store(target + 2 * matrix, full: true, lanes: 0)
              row.d.store(target + 3 * matrix, full: true, lanes: 0)
              row.e.store(target + 4 * matrix, full: true, lanes: 0)
              row.f.store(target + 5 * matrix, full: true, lanes: 0)
            }
            store(Three(a.a, b.a, c.a), 0)
            store(Three(a.b, b.b, c.b), 1)
            store(Three(a.c, b.c, c.c), 2)
            store(Three(a.d, b.d, c.d), 3)
            store(Three(a.e, b.e, c.e), 4)
            store(Three(a.f, b.f, c.f), 5)
          }
        }
      }
    }
  }

  private func transformGradient<Vector: FloatVector>(
    _ u: UnsafePointer<Float>, _ dw: UnsafeMutablePointer<Float>, _ type: Vector.Type
  ) {
    let (lanes, stride, matrix) = (Vector.scalarCount, depths * 9, depths * rows * columns)
    ThreadPool.forEachRange(of: outputs) { range in
      for row in range {
        for first in Swift.stride(from: 0, to: inputs, by: lanes) {
          let known = min(lanes, inputs - first)
          for depth in 0..<depths {
            let source = u + (depth * rows + row) * columns + first
            @inline(__always)
            func load(_ index: Int) -> Vector { .load(source + index * matrix, full: true, lanes: 0) }
            @inline(__always)
            func column(_ j: Int) -> Three<Vector> {
              Winograd.weightGradient(
                Six(load(j), load(j + 6), load(j + 12), load(j + 18), load(j + 24), load(j + 30)))
            }
            let (a, b, c) = (column(0), column(1), column(2))
            let (d, e, f) = (column(3), column(4), column(5))
            let target = dw + (row * inputs + first) * stride + depth * 9
            @inline(__always)
            func store(_ row: Six<Vector>, _ index: Int) {
              let (row, target) = (Winograd.weightGradient(row), target + 3 * index)
              for lane in 0..<known {
                target[lane * stride] = row.a[lane]
                target[lane * stride + 1] = row.b[lane]
                target[lane * stride + 2] = row.c[lane]
              }
            }
            store(Six(a.a, b.a, c.a, d.a, e.a, f.a), 0)
            store(Six(a.b, b.b, c.b, d.b, e.b, f.b), 1)
            store(Six(a.c, b.c, c.c, d.c, e.c, f.c), 2)
          }
        }
      }
    }
  }
}
