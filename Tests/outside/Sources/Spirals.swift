import BarlowTwinsDistributed
import Foundation

/// Points on two spirals, each given by its place seen from several sides.
struct Spirals: Dataset {
  let name = "spirals"
  let count = 128
  let sampleShape = [12]
  let viewsPerSample = 1
  var labels: [Int32]? { (0..<Int32(count)).map { $0 % 2 } }

  func read(_ index: Int, view: Int, into destination: UnsafeMutablePointer<Float>) {
    let radius = Float(index + 1) / Float(count)
    for side in 0..<sampleSize {
      destination[side] = radius * cos(9 * radius + .pi * Float(index % 2) + Float(side))
    }
  }
}
