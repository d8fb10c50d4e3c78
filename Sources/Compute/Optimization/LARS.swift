import CommandLine
import Tensors

/// Layer-wise adaptive rate scaling (You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks"), as
/// in the class `LARS` of the Barlow Twins paper's code, facebookresearch/barlowtwins.
///
/// For each parameter tensor p with gradient g, rate η and decay λ: `d ← g + λp`; where the tensor adapts
/// `d ← d · trust ‖p‖/‖d‖`, unless one of the norms is 0; then `b ← μb + d`, `p ← p − ηb`. The buffer starts at zero.
/// The norms are summed as `GradientNorm` does: their bits depend on the layout alone. Two passes over the arena, which
/// read 20 and write 8 bytes a parameter.
package final class LARS: Optimizer {
  /// Vectors that one task takes, of one tensor.
  private struct Block {
    let vectors: Range<Int>
    let tensor: Int
  }

  private struct Tensor {
    let blocks: Range<Int>
    let rule: ParameterGroups.Rule
    let adapts: Bool
  }

  package var stepCount = 0
  package let momentum: Double
  /// η in the paper on LARS, `eta` in the code.
  package let trust: Double
  private let buffer: AlignedBuffer<Float>
  private let blocks: [Block]
  private let tensors: [Tensor]
  /// Σp² and Σd² of each block.
  private let squares: AlignedBuffer<Double>
  /// trust ‖p‖/‖d‖ of each tensor.
  private let ratios: AlignedBuffer<Float>

  /// `excludeBiasAndNorm` false: biases and norms adapt too. Negative numbers are a `Failure(.usage)`.
  package init(
    _ groups: ParameterGroups, momentum: Double = 0.9, trust: Double = 0.001, excludeBiasAndNorm: Bool = true
  ) throws {
    try require(momentum >= 0 && momentum.isFinite, "the momentum", expected: "0 or more", found: momentum)
    try require(trust >= 0 && trust.isFinite, "eta", expected: "0 or more", found: trust)
    (self.momentum, self.trust) = (momentum, trust)
    var (blocks, tensors): ([Block], [Tensor]) = ([], [])
    for entry in groups.layout.entries {
      let first = blocks.count
      for start in stride(from: entry.offset, to: entry.range.upperBound, by: SquareSum.block) {
        let end = min(start + SquareSum.block, entry.range.upperBound)
        // The last vector of a tensor reaches into its padding, which is zero.
        let vectors = start / Vector.width..<(end + Vector.width - 1) / Vector.width
        blocks.append(Block(vectors: vectors, tensor: tensors.count))
      }
      let (rule, adapts) = (groups.rule(of: entry), entry.decays || !excludeBiasAndNorm)
      tensors.append(Tensor(blocks: first..<blocks.count, rule: rule, adapts: adapts))
    }
    (self.blocks, self.tensors) = (blocks, tensors)
    buffer = try AlignedBuffer(groups.layout.total, for: .optimizer)
    squares = try AlignedBuffer(2, blocks.count)
    ratios = try AlignedBuffer(tensors.count)
  }

  /// The buffer has the name that it has in the paper's code.
  package var state: [(name: String, buffer: AlignedBuffer<Float>)] { [("mu", buffer)] }

  package func step(_ arena: ParameterArena, learningRate: Double) {
    measure(arena)
    let (p, g, b, ratios) = (arena.values.vectors, arena.gradients.vectors, buffer.vectors, ratios.pointer)
    let momentum = Vector(repeating: Float(momentum))
    ThreadPool.forEachRange(of: blocks.count) { range in
      for block in blocks[range] {
        let (rate, decay) = tensors[block.tensor].rule.vectors(learningRate: learningRate)
        let ratio = Vector(repeating: ratios[block.tensor])
        for i in block.vectors {
          let direction = g[i].addingProduct(decay, p[i])
          let velocity = (ratio * direction).addingProduct(momentum, b[i])
          p[i] -= rate * velocity
          b[i] = velocity
        }
      }
    }
    stepCount += 1
  }

  /// Fills `ratios`; 1 where a tensor does not adapt.
  private func measure(_ arena: ParameterArena) {
    let (p, g, squares) = (arena.values.vectors, arena.gradients.vectors, squares.pointer)
    ThreadPool.forEachRange(of: blocks.count) { range in
      for index in range where tensors[blocks[index].tensor].adapts {
        let (vectors, decay) = (
          blocks[index].vectors, tensors[blocks[index].tensor].rule.vectors(learningRate: 0).decay
        )
        squares[2 * index] = SquareSum.of(vectors) { p[$0] }
        squares[2 * index + 1] = SquareSum.of(vectors) { g[$0].addingProduct(decay, p[$0]) }
      }
    }
    for (index, tensor) in tensors.enumerated() {
      let sums = squares + 2 * tensor.blocks.lowerBound
      if tensor.adapts { ReductionTree.reduce(sums, leaves: tensor.blocks.count, count: 2) }
      let isScaled = tensor.adapts && sums[0] > 0 && sums[1] > 0
      // A vanishing gradient may ask for more than a Float: infinity would turn its zeros into NaN.
      let ratio = min(trust * (sums[0] / sums[1]).squareRoot(), Double(Float.greatestFiniteMagnitude))
      ratios.pointer[index] = isScaled ? Float(ratio) : 1
    }
  }
}

extension OptimizerKind {
  public static let lars = OptimizerKind(
    "lars", keywords: [.number("momentum"), .number("eta"), .flag("exclude_bias_and_norm_adaptation")]
  ) { groups, keywords in
    try LARS(
      groups, momentum: keywords.number("momentum") ?? 0.9, trust: keywords.number("eta") ?? 0.001,
      excludeBiasAndNorm: keywords.flag("exclude_bias_and_norm_adaptation") != false)
  }
}
