/// The loss from its definition, in double precision: standardise, correlate, sum (Zbontar et al. 2021, eq. 1).
package struct LossOracle {
  let (batch, features): (Int, Int)
  let lambd: Double

  package init(batch: Int, features: Int, lambd: Double) {
    (self.batch, self.features, self.lambd) = (batch, features, lambd)
  }

  /// - Parameter z: batch × features in C order.
  /// - Returns: a column without any deviation is 0 everywhere.
  package func standardised(_ z: [Double]) -> [Double] {
    var a = z
    for j in 0..<features {
      let column = (0..<batch).map { z[$0 * features + j] }
      let mean = column.reduce(0, +) / Double(batch)
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(batch)
      for i in 0..<batch {
        a[i * features + j] = column.allSatisfy { $0 == column[0] } ? 0 : (column[i] - mean) / variance.squareRoot()
      }
    }
    return a
  }

  package func terms(_ z1: [Double], _ z2: [Double]) -> (invariance: Double, redundancy: Double) {
    let (a, b) = (standardised(z1), standardised(z2))
    var correlation = [Double](repeating: 0, count: features * features)
    for n in 0..<batch {
      for i in 0..<features {
        let x = a[n * features + i] / Double(batch)
        for j in 0..<features { correlation[i * features + j] += x * b[n * features + j] }
      }
    }
    var (invariance, redundancy) = (0.0, 0.0)
    for i in 0..<features {
      for j in 0..<features {
        let c = correlation[i * features + j]
        if i == j { invariance += (1 - c) * (1 - c) } else { redundancy += c * c }
      }
    }
    return (invariance, redundancy)
  }

  package func loss(_ z1: [Double], _ z2: [Double]) -> Double {
    let terms = terms(z1, z2)
    return terms.invariance + lambd * terms.redundancy
  }

  /// Central differences: the error is of the order of step² and 10⁻¹⁶/step.
  package func gradient(_ z1: [Double], _ z2: [Double], step: Double = 1e-5) -> (z1: [Double], z2: [Double]) {
    var views = [z1, z2]
    var result = [z1, z2]
    for view in 0..<2 {
      for i in z1.indices {
        let old = views[view][i]
        views[view][i] = old + step
        let above = loss(views[0], views[1])
        views[view][i] = old - step
        let below = loss(views[0], views[1])
        views[view][i] = old
        result[view][i] = (above - below) / (2 * step)
      }
    }
    return (result[0], result[1])
  }
}
