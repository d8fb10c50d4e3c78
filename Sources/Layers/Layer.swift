import Diagnostics
import Tensors

/// A parameter or buffer that a layer owns: PyTorch's name and shape, and PyTorch's initial distribution.
public struct ParameterSpec: Sendable {
  public enum Initialization: Sendable, Equatable {
    case constant(Float)
    /// Normal with mean 0.
    case normal(deviation: Double)
    /// Uniform in ±bound.
    case uniform(bound: Double)
  }
  public var name: String
  public var shape: [Int]
  public var initialization: Initialization
}

/// A part of the network with explicit forward and backward passes over all local shards.
///
/// A layer is described first (`parameters`, `buffers`), then planned once for fixed shapes, then run every step.
/// After planning it allocates nothing.
public protocol Layer: AnyObject {
  /// Trained parameters, in the order in which `backward` completes their gradients.
  var parameters: [ParameterSpec] { get }
  /// Running statistics: saved, not trained.
  var buffers: [ParameterSpec] { get }

  /// Chooses kernels, makes the output and everything that `forward` needs.
  func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation
  /// Makes what `backward` needs; layers are planned in the order in which backward runs, last layer first.
  /// The gradient of the output exists already. Makes the gradient of the input where that is needed.
  func planBackward(_ workspace: Workspace) throws

  func forward() throws
  /// Computes the input's gradient; weight gradients now or as the workspace's postponed work.
  func backward() throws

  /// Whether `backward` writes into gradient buffers before it has let postponed work run, which may still read them.
  var writesBeforePostponedWork: Bool { get }
}

/// Computes a weight gradient some time after `backward`: nobody needs it before the gradients are summed over the ranks.
protocol WeightGradientOwner: AnyObject {
  func computeWeightGradient() throws
}

extension Layer {
  public var writesBeforePostponedWork: Bool { true }
  public var buffers: [ParameterSpec] { [] }
}

/// Layers one after another.
public final class Sequential: Layer {
  public let layers: [any Layer]
  private weak var workspace: Workspace?

  public init(_ layers: [any Layer]) { self.layers = layers }

  public var parameters: [ParameterSpec] { layers.reversed().flatMap(\.parameters) }
  public var buffers: [ParameterSpec] { layers.flatMap(\.buffers) }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    try layers.reduce(input) { try $1.planForward($0, workspace) }
  }

  public func planBackward(_ workspace: Workspace) throws {
    self.workspace = workspace
    for layer in layers.reversed() { try layer.planBackward(workspace) }
  }

  public func forward() throws {
    for layer in layers { try layer.forward() }
  }

  public var writesBeforePostponedWork: Bool { false }

  public func backward() throws {
    for layer in layers.reversed() {
      if layer.writesBeforePostponedWork { try workspace?.runPostponed() }
      try layer.backward()
    }
  }
}
