import Diagnostics
import Tensors

/// y = body(x) + shortcut(x): a residual of any layers (He et al. 2016, https://arxiv.org/abs/1603.05027).
///
/// The shortcut is x itself, or layers of its own. Where the body ends in a batch norm, `ResidualBlock` does the same
/// faster.
public final class ResidualSum: Layer {
  private let branches: ResidualBranches
  private var terms: (body: Activation, shortcut: Activation)!
  private var output: Activation!

  public init(body: [any Layer], shortcut: [any Layer]? = nil) {
    branches = ResidualBranches(body: body, shortcut: shortcut)
  }

  public var parameters: [ParameterSpec] { branches.body.parameters + (branches.shortcut?.parameters ?? []) }
  public var buffers: [ParameterSpec] { branches.body.buffers + (branches.shortcut?.buffers ?? []) }

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    terms = try branches.planForward(input, workspace)
    guard terms.body.shape == terms.shortcut.shape else {
      throw Failure(
        .usage, "the branches of a residual differ in shape", expected: "\(terms.shortcut.shape), the shortcut's",
        found: "\(terms.body.shape), the body's")
    }
    output = try workspace.activation(terms.body.shape)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    // Each branch may work in its gradient's memory and releases it: one takes the output's, the other a copy.
    terms.shortcut.gradients = output.gradients
    terms.body.gradients = try workspace.gradientBuffers(output.shape)
    try branches.planBackward(workspace)
  }

  public func forward() throws {
    try branches.forward()
    for (shard, y) in output.values.enumerated() {
      let (a, b) = (terms.body.values[shard], terms.shortcut.values[shard])
      switch output.shape.element {
      case .float32: add(a.pointer, b.pointer, into: y.pointer)
      case .bfloat16: add(a.bfloat16, b.bfloat16, into: y.bfloat16)
      }
    }
  }

  private func add<Number: StoredNumber>(
    _ a: UnsafePointer<Number>, _ b: UnsafePointer<Number>, into y: UnsafeMutablePointer<Number>
  ) {
    Elementwise.forEachPiece(of: output.shape.count) { start, count in
      let (a, b, y) = (a + start, b + start, y + start)
      for i in 0..<count { y[i] = Number(a[i].float + b[i].float) }
    }
  }

  public func backward() throws {
    try branches.recompute()
    for (from, to) in zip(output.gradients, terms.body.gradients) {
      Elementwise.forEachPiece(of: to.count) { (to.pointer + $0).update(from: from.pointer + $0, count: $1) }
    }
    try branches.backward()
  }
}
