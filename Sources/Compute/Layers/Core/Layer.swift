import Diagnostics

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

  public init(name: String, shape: [Int], initialization: Initialization) {
    self.name = name
    self.shape = shape
    self.initialization = initialization
  }
}

/// A part of the network with explicit forward and backward passes over all local shards.
///
/// A layer is described first (`parameters`, `buffers`), then planned once for fixed shapes, then run every step.
/// After planning it allocates nothing.
///
/// A layer of your own (`Sources/Program/Examples/CustomEncoder/PReLU.swift` is one) keeps to this:
/// - `planForward` keeps the input, makes the output with `workspace.activation` and finds its parameters with
///   `workspace.parameters.pointer(of:)`. There is one tensor per local shard: view 1's samples, then view 2's.
///   Later layers may overwrite the output in place, with numbers of the same sign or zero (ReLU, dropout). A layer
///   whose backward needs its output as it was sets the output's `isKept`; one that works in place itself asks
///   `workspace.activationInPlace`.
/// - `planBackward` sets `input.gradients`: from `workspace.gradientBuffers`, or to the output's own when backward
///   works in place. When neither the output nor its gradients are needed after this layer's backward pass, it calls
///   `workspace.release(output)`. A layer with parameters asks for `workspace.gradientSum(of:)`.
/// - `backward` writes every element of `input.gradients`. It writes each shard's parameter gradients to
///   `gradientSum.address(leaf:offset:)`, calls `merge(afterLeaf:)` after each shard in order, and
///   `workspace.completed` after the last: so sums follow the reduction tree, and bits do not depend on the ranks.
/// - `planForward` reports products of many terms to `workspace.count` for the network's table; `kind` names it there.
/// - Under `--recompute` the forward pass of what is inside a block runs a second time in a step, before the block's
///   backward pass (`workspace.isRepeating`): it must give the same again.
/// - Sums over the whole batch in `forward` go through `workspace.batch`, as batch norm's do. Nothing else may depend
///   on how many ranks or shards there are.
public protocol Layer: AnyObject {
  /// Trained parameters, in the order in which `backward` completes their gradients.
  var parameters: [ParameterSpec] { get }
  /// Running statistics: saved, not trained.
  var buffers: [ParameterSpec] { get }

  /// Chooses kernels, makes the output and everything that `forward` needs.
  func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation
  /// Makes what `backward` needs; layers are planned in the order in which backward runs, last layer first.
  /// The gradient of the output already exists. Makes the gradient of the input where that is needed.
  func planBackward(_ workspace: Workspace) throws

  func forward() throws
  /// Computes the input's gradient; weight gradients now or as the workspace's postponed work.
  func backward() throws

  /// Whether backward can do without the input's values, or asks for them by `Activation.planRebuilding`.
  var letsInputGo: Bool { get }

  /// What kind of layer it is, in a few words for the table of the network; by default the name of its type.
  var kind: String { get }

  /// Whether the input, and then the output and both gradients, may hold bf16. By default not: `Sequential` converts
  /// the input to float32 before the layer, and later products with weights go back to bf16.
  var takesBFloat16: Bool { get }

  /// Whether `backward` writes into gradient buffers before it has let postponed work run, which may still read them.
  var writesBeforePostponedWork: Bool { get }
}

/// Computes a weight gradient some time after `backward`: no one needs it before gradients are summed over the ranks.
protocol WeightGradientOwner: AnyObject {
  func computeWeightGradient() throws
}

extension Layer {
  public var kind: String { "\(type(of: self))" }
  public var letsInputGo: Bool { false }
  public var takesBFloat16: Bool { false }
  public var writesBeforePostponedWork: Bool { true }
  public var buffers: [ParameterSpec] { [] }
}

/// Layers one after another.
public final class Sequential: Layer {
  public let layers: [any Layer]
  /// The layers, and conversions before those that take only float32.
  private var planned: [any Layer] = []
  /// The planned layers, with those of a `Sequential` among them in its place.
  public private(set) var descriptions: [LayerDescription] = []
  private weak var workspace: Workspace?
  /// nil while no one asks for times.
  private var stopwatch: LayerStopwatch?

  public init(_ layers: [any Layer]) { self.layers = layers }

  public var parameters: [ParameterSpec] { layers.reversed().flatMap(\.parameters) }
  public var buffers: [ParameterSpec] { layers.flatMap(\.buffers) }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (planned, descriptions) = ([], [])
    return try layers.reduce(input) { input, layer in
      let fits = layer.takesBFloat16 || input.shape.element == .float32
      let input = fits ? input : try plan(Cast(to: .float32), input, workspace)
      return try plan(layer, input, workspace)
    }
  }

  private func plan(_ layer: any Layer, _ input: Activation, _ workspace: Workspace) throws -> Activation {
    let before = workspace.multiplyAdds
    let output = try naming(layer) { try layer.planForward(input, workspace) }
    if workspace.isTraining, layer.letsInputGo { input.makeTransient() }
    if let group = layer as? Sequential {
      descriptions += group.descriptions
    } else {
      descriptions.append(LayerDescription(layer, output: output.shape, workspace.multiplyAdds - before))
    }
    planned.append(layer)
    return output
  }

  /// Says which layer a failure of planning is about, where it does not say so itself.
  private func naming<Result>(_ layer: any Layer, _ plan: () throws -> Result) throws -> Result {
    do { return try plan() } catch var failure as Failure where failure.location == nil {
      let name = LayerDescription.commonName(layer.parameters.map(\.name))
      failure.location = name.isEmpty ? "a layer of the network (\(layer.kind))" : "\(name) (\(layer.kind))"
      throw failure
    }
  }

  public var letsInputGo: Bool { planned.first?.letsInputGo == true }

  public func planBackward(_ workspace: Workspace) throws {
    self.workspace = workspace
    for layer in planned.reversed() { try naming(layer) { try layer.planBackward(workspace) } }
  }

  public func forward() throws {
    stopwatch?.start()
    for (index, layer) in planned.enumerated() {
      try layer.forward()
      stopwatch?.lap(\.forward, index)
    }
  }

  public var takesBFloat16: Bool { true }
  public var writesBeforePostponedWork: Bool { false }

  public func backward() throws {
    stopwatch?.start()
    for index in planned.indices.reversed() {
      let layer = planned[index]
      if layer.writesBeforePostponedWork { try workspace?.runPostponed() }
      try layer.backward()
      if let stopwatch {
        // What the layer has left for later counts as its own.
        try workspace?.runPostponed()
        stopwatch.lap(\.backward, index)
      }
    }
  }

  /// Whether passes take the time of each layer, which keeps them from working while sums travel between the ranks.
  var isTimed: Bool {
    get { stopwatch != nil }
    set {
      stopwatch = newValue ? LayerStopwatch(planned.count) : nil
      for case let group as Sequential in planned { group.isTimed = newValue }
    }
  }

  /// Of the last passes, one for each of `descriptions`; empty unless they were timed.
  var times: [LayerTimes] {
    zip(planned, stopwatch?.times ?? []).flatMap { layer, time in (layer as? Sequential)?.times ?? [time] }
  }
}
