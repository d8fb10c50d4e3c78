import Foundation
import Tensors

/// Samples made from random numbers, for tests, benchmarks and machines without data: always the same for a seed.
///
/// Sample i belongs to class i mod `classes`. An image or volume is a sum of three plane waves for each channel, whose
/// directions and lengths are the class's and whose phases and weights are the sample's, with some noise, in 0...1. A
/// row of a table is a point near its class's centre, normal with deviation 0.1.
package struct SyntheticDataset: Dataset {
  package let name: String
  package let count: Int
  package let sampleShape: [Int]
  package let seed: UInt64
  package let classes: Int
  package let labels: [Int32]?
  package var viewsPerSample: Int { 1 }

  private static let waves = 3

  package func read(_ index: Int, view: Int, into destination: UnsafeMutablePointer<Float>) throws {
    try check(index, view)
    // Views 0 and 1 of the stream are the sample's and its class's numbers.
    var own = PhiloxStream(seed: seed, purpose: .syntheticData, sample: index, view: 0)
    var shared = PhiloxStream(seed: seed, purpose: .syntheticData, sample: index % classes, view: 1)
    if sampleShape.count == 1 {
      for i in 0..<sampleShape[0] { destination[i] = shared.uniform() + 0.1 * own.normal() }
      return
    }
    let size = sampleSize
    let channel = size / sampleShape[0]
    for i in 0..<size { destination[i] = 0.5 + own.uniform(in: -0.05...0.05) }
    for start in stride(from: 0, to: size, by: channel) {
      for _ in 0..<Self.waves {
        let frequency = (shared.uniform(in: -1...1), shared.uniform(in: -1...1), shared.uniform(in: -1...1))
        let (amplitude, phase) = (own.uniform(in: 0.04...0.14), own.uniform(in: 0...(2 * .pi)))
        add(Wave(amplitude: amplitude, phase: phase, frequency: frequency), to: destination + start)
      }
    }
  }

  private struct Wave {
    var amplitude: Float
    var phase: Float
    /// In radians a voxel along depth, height and width.
    var frequency: (Float, Float, Float)
  }

  /// Adds a wave to one channel.
  private func add(_ wave: Wave, to destination: UnsafeMutablePointer<Float>) {
    let (height, width) = (sampleShape[sampleShape.count - 2], sampleShape[sampleShape.count - 1])
    let depth = sampleShape.count == 4 ? sampleShape[1] : 1
    let (turnCosine, turnSine) = (cos(wave.frequency.2), sin(wave.frequency.2))
    for row in 0..<depth * height {
      let angle =
        wave.phase + wave.frequency.0 * Float(row / height) + wave.frequency.1 * Float(row % height)
      var (cosine, sine) = (wave.amplitude * cos(angle), wave.amplitude * sin(angle))
      let line = destination + row * width
      for x in 0..<width {
        line[x] += sine
        // The next voxel's angle, by rotation.
        (cosine, sine) = (cosine * turnCosine - sine * turnSine, sine * turnCosine + cosine * turnSine)
      }
    }
  }
}

extension SyntheticDataset {
  /// Parses `3x32x32,n=1000,classes=10,seed=0`: F, HxW, CxHxW or CxDxHxW. Errors: `Failure(.usage)`.
  package init(_ arguments: DataArguments) throws {
    let parts = arguments.text.split(separator: ",", omittingEmptySubsequences: false)
    let shapeText = parts.first ?? ""
    let sizes = shapeText.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...4).contains(sizes.count), sizes.allSatisfy({ $0 > 0 }), let size = SampleShape.product(sizes),
      size <= SampleShape.largest
    else {
      throw arguments.problem(
        "an impossible shape", expected: "such as 20, 28x28, 3x32x32, 1x64x64x64", found: shapeText)
    }
    var values: [String: UInt64] = ["n": 1000, "classes": 10, "seed": 0]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let value = UInt64(pair[1]), values.updateValue(value, forKey: String(pair[0])) != nil
      else { throw arguments.problem("an unknown option, or one without a whole number", found: part) }
    }
    // Labels are in memory: 40 MB.
    let limit: UInt64 = 10_000_000
    func number(_ name: String) throws -> Int {
      guard let value = values[name], (1...limit).contains(value) else {
        throw arguments.problem(
          "an impossible number", expected: "\(name) from 1 to \(limit)", found: arguments.text)
      }
      return Int(value)
    }
    let (count, classes) = (try number("n"), try number("classes"))
    self.init(
      name: arguments.spec, count: count, sampleShape: sizes.count == 2 ? [1] + sizes : sizes,
      seed: values["seed"] ?? 0, classes: classes, labels: (0..<count).map { Int32($0 % classes) })
  }
}

extension DataKind {
  static let synthetic = DataKind(
    name: "synthetic", form: "synthetic:3x32x32[,n=1000][,classes=10][,seed=0]", takesFiles: false
  ) { try SyntheticDataset($0) }
}
