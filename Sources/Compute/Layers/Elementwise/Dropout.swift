import Diagnostics
import Tensors

/// Sets elements to zero with probability p in training, and scales the others by 1/(1 − p) (Srivastava et al. 2014,
/// PyTorch's `Dropout`); the identity in evaluation.
///
/// Which elements is a function of (`Workspace.randomness`, name, view, sample's place in the global batch, element):
/// it depends neither on ranks and shards nor on earlier calls, so a resumed run repeats it. p = 0 is the identity,
/// p = 1 gives zeros. Numbers that are not finite become NaN where they are dropped, as in PyTorch.
///
/// It works in place: the layers before it may need their own output in backward only to see where it is positive, as
/// `ReLU` does. Others set the output's `isKept`.
public final class Dropout: Layer {
  public let name: String
  public let probability: Double
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!
  private var mask: DropoutMask!
  /// 1 where an element stays, for each local shard.
  private var kept: [AlignedBuffer<UInt8>] = []
  private weak var workspace: Workspace!

  /// - Parameter name: of this layer alone, such as `encoder.2`: other names draw other elements.
  public init(_ name: String, probability: Double) { (self.name, self.probability) = (name, probability) }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    guard (0...1).contains(probability) else {
      throw Failure(
        .usage, "the probability of dropout is out of range", at: name, expected: "a number from 0 to 1",
        found: "\(probability)")
    }
    (self.input, self.workspace) = (input, workspace)
    guard workspace.isTraining, probability > 0 else {
      output = input
      return input
    }
    try workspace.reserveRandomStream(name)
    mask = DropoutMask(input.shape, layer: name, probability: probability)
    kept = try input.values.map { try AlignedBuffer($0.count) }
    output = try workspace.activationInPlace(of: input)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = output.gradients
    if output !== input { output.releaseValues() }
  }

  public func forward() throws {
    guard output !== input else { return }
    if workspace.isEvaluating {
      for (x, y) in zip(input.values, output.values) where x !== y { y.pointer.update(from: x.pointer, count: x.count) }
      return
    }
    guard let randomness = workspace.randomness else {
      throw Failure(
        .usage, "a step with dropout has no random numbers", at: name,
        remedy: "give `forwardBackward` the seed and the step, or set `Workspace.randomness` before each step")
    }
    for (shard, number) in workspace.batch.localShards.enumerated() {
      let (x, y, kept) = (input.values[shard], output.values[shard], kept[shard].pointer)
      mask.draw(kept, shard: number, randomness)
      scale(x.pointer, into: y.pointer, kept, count: x.count)
    }
  }

  public func backward() {
    guard output !== input else { return }
    for (gradient, kept) in zip(output.gradients, kept) {
      scale(gradient.pointer, into: gradient.pointer, kept.pointer, count: gradient.count)
    }
  }

  /// y = x · kept / (1 − p)
  private func scale(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ kept: UnsafePointer<UInt8>, count: Int
  ) {
    let factor: Float = probability < 1 ? Float(1 / (1 - probability)) : 0
    Elementwise.forEachPiece(of: count) { start, count in
      let (x, y, kept) = (x + start, y + start, kept + start)
      for i in 0..<count { y[i] = x[i] * (Float(kept[i]) * factor) }
    }
  }
}
