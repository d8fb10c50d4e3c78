/// Six numbers of each lane: a row or column of a transformed tile.
struct Six<Vector: FloatVector> {
  let a, b, c, d, e, f: Vector

  @inline(__always)
  init(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ e: Vector, _ f: Vector) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
    self.e = e
    self.f = f
  }
}

struct Four<Vector: FloatVector> {
  let a, b, c, d: Vector

  @inline(__always)
  init(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }
}

struct Three<Vector: FloatVector> {
  let a, b, c: Vector

  @inline(__always)
  init(_ a: Vector, _ b: Vector, _ c: Vector) { (self.a, self.b, self.c) = (a, b, c) }
}

/// Winograd's minimal filtering F(4, 3) in one direction: y = Aᵀ(Gg ∘ Bᵀx) correlates six inputs x with three weights g
/// and gives four outputs for six products (Lavin & Gray 2016).
///
/// The polynomials are evaluated at 0, ±5/8, ±3/2 and ∞: half the rounding of the usual 0, ±1, ±2 and ∞. The gradients
/// are the adjoints: ∂L/∂g = Gᵀ(A ∂L/∂y ∘ Bᵀx).
enum Winograd {
  /// Inputs and outputs of a tile in one direction.
  static let (inputs, outputs) = (6, 4)

  // The points ±p and ±q, their powers, and what divides the weights there: 2p²(p² − q²) and 2q²(q² − p²).
  private static var p: Float { 0.625 }
  private static var q: Float { 1.5 }
  private static var p2: Float { 0.390625 }
  private static var q2: Float { 2.25 }
  private static var p3: Float { 0.244140625 }
  private static var q3: Float { 3.375 }
  private static var product: Float { 0.87890625 }
  private static var sum: Float { 2.640625 }
  private static var overP: Float { 1 / (2 * 0.390625 * (0.390625 - 2.25)) }
  private static var overQ: Float { 1 / (2 * 2.25 * (2.25 - 0.390625)) }

  /// Bᵀx
  @inline(__always)
  static func input<Vector>(_ x: Six<Vector>) -> Six<Vector> {
    let (evenP, oddP) = (x.e - q2 * x.c, p * (x.d - q2 * x.b))
    let (evenQ, oddQ) = (x.e - p2 * x.c, q * (x.d - p2 * x.b))
    return Six(
      product * x.a - sum * x.c + x.e, evenP + oddP, evenP - oddP, evenQ + oddQ, evenQ - oddQ,
      product * x.b - sum * x.d + x.f)
  }

  /// Aᵀm
  @inline(__always)
  static func output<Vector>(_ m: Six<Vector>) -> Four<Vector> {
    let (sumP, differenceP) = (m.b + m.c, m.b - m.c)
    let (sumQ, differenceQ) = (m.d + m.e, m.d - m.e)
    return Four(
      m.a + sumP + sumQ, p * differenceP + q * differenceQ, p2 * sumP + q2 * sumQ,
      p3 * differenceP + q3 * differenceQ + m.f)
  }

  /// A ∂L/∂y
  @inline(__always)
  static func outputGradient<Vector>(_ y: Four<Vector>) -> Six<Vector> {
    let (evenP, oddP) = (y.a + p2 * y.c, p * y.b + p3 * y.d)
    let (evenQ, oddQ) = (y.a + q2 * y.c, q * y.b + q3 * y.d)
    return Six(y.a, evenP + oddP, evenP - oddP, evenQ + oddQ, evenQ - oddQ, y.d)
  }

  /// Gg
  @inline(__always)
  static func weight<Vector>(_ g: Three<Vector>) -> Six<Vector> {
    let (evenP, oddP) = (overP * (g.a + p2 * g.c), (overP * p) * g.b)
    let (evenQ, oddQ) = (overQ * (g.a + q2 * g.c), (overQ * q) * g.b)
    return Six((1 / product) * g.a, evenP + oddP, evenP - oddP, evenQ + oddQ, evenQ - oddQ, g.c)
  }

  /// Gᵀ ∂L/∂u
  @inline(__always)
  static func weightGradient<Vector>(_ u: Six<Vector>) -> Three<Vector> {
    let (sumP, sumQ) = (overP * (u.b + u.c), overQ * (u.d + u.e))
    return Three(
      (1 / product) * u.a + sumP + sumQ, (overP * p) * (u.b - u.c) + (overQ * q) * (u.d - u.e),
      p2 * sumP + q2 * sumQ + u.f)
  }
}
