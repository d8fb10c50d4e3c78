import Tensors

/// Batch normalisation over the whole batch of all ranks (PyTorch's `BatchNorm1d/2d/3d`), each view with its own
/// statistics, optionally followed by the addition of a shortcut and by ReLU, in the same pass over memory.
///
/// y = max(0, (x − μ)/√(σ² + ε) · γ + β + shortcut), μ and the biased σ² of the channel over all samples and positions
/// of one view. ε is 1e-5; running averages move by 0.1 towards the view's μ and unbiased σ², view 1 first. In
/// inference the running averages are used. The backward pass goes through the statistics of the whole batch.
public final class BatchNormalization: Layer {
  public static let epsilon = 1e-5
  public static let momentum: Float = 0.1

  private let name: String
  public let channels: Int
  public let rectifies: Bool
  public let parameters: [ParameterSpec]
  public let buffers: [ParameterSpec]
  /// A shortcut of the output's shape, to be set before planning.
  public var shortcut: Activation?

  private var input: Activation!
  private var output: Activation!
  /// Whether no one else needs the output's values in backward.
  private var rebuildsOutput = false
  private var tiles: ChannelTiles!
  private var statistics: ChannelStatistics!
  private var weight: UnsafeMutablePointer<Float>!
  private var bias: UnsafeMutablePointer<Float>!
  private var runningMean: UnsafeMutablePointer<Float>!
  private var runningVariance: UnsafeMutablePointer<Float>!
  private var gradientSum: GradientSum!
  private weak var workspace: Workspace!

  // Per view and channel: mean, γ/√(σ²+ε), β; and in backward the coefficients of ∂L/∂x.
  private var mean: AlignedBuffer<Float>!
  private var scale: AlignedBuffer<Float>!
  private var shift: AlignedBuffer<Float>!
  private var inverseDeviation: AlignedBuffer<Float>!
  private var b: AlignedBuffer<Float>!
  private var c: AlignedBuffer<Float>!

  /// - Parameter initialScale: of γ; 0 lets a residual block start as the identity.
  public init(_ name: String, channels: Int, rectifies: Bool, initialScale: Float = 1) {
    self.name = name
    self.channels = channels
    self.rectifies = rectifies
    parameters = [
      ParameterSpec(name: name + ".weight", shape: [channels], initialization: .constant(initialScale)),
      ParameterSpec(name: name + ".bias", shape: [channels], initialization: .constant(0)),
    ]
    buffers = [
      ParameterSpec(name: name + ".running_mean", shape: [channels], initialization: .constant(0)),
      ParameterSpec(name: name + ".running_var", shape: [channels], initialization: .constant(1)),
    ]
  }

  public var kind: String { rectifies ? "BatchNormalization, ReLU" : "BatchNormalization" }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, self.workspace) = (input, workspace)
    output = try workspace.isTraining ? workspace.activation(input.shape) : workspace.activationInPlace(of: input)
    let views = workspace.isTraining ? 2 : 1
    tiles = ChannelTiles(input.shape, views: views)
    statistics = try ChannelStatistics(name, tiles, workspace.batch)
    let count = views * tiles.paddedChannels
    mean = try AlignedBuffer(count)
    scale = try AlignedBuffer(count)
    shift = try AlignedBuffer(count)
    inverseDeviation = try AlignedBuffer(count)
    b = try AlignedBuffer(count)
    c = try AlignedBuffer(count)
    let (arena, running) = (workspace.parameters, workspace.statistics)
    weight = try arena.pointer(of: parameters[0].name)
    bias = try arena.pointer(of: parameters[1].name)
    runningMean = try running.pointer(of: buffers[0].name)
    runningVariance = try running.pointer(of: buffers[1].name)
    output.rebuilding = Rebuilding(source: shortcut) { [unowned self] shard, target in
      normalise(shard, into: target, addend: shortcut?.backwardValues[shard])
    }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    gradientSum = try workspace.gradientSum(of: parameters)
    if let shortcut {
      rebuildsOutput = rectifies && output.lacksRoomInBackward
      if rectifies { try output.planRebuilding(workspace) }
      // The masked gradient is the shortcut's; the input's goes where the input is, or into its own buffer.
      shortcut.gradients = output.gradients
      if !input.useValuesForGradients() { input.gradients = try workspace.gradientBuffers(input.shape) }
    } else {
      input.gradients = output.gradients
      input.consume()
    }
    output.releaseValues()
  }

  public func forward() throws {
    // A repeated pass takes the statistics of the first.
    if !workspace.isRepeating {
      if workspace.isTraining && !workspace.isEvaluating { try useBatchStatistics() } else { useRunningStatistics() }
      output.beginStep()
    }
    for shard in input.values.indices {
      normalise(shard, into: output.values[shard].pointer, addend: shortcut?.values[shard])
    }
  }

  private func normalise(_ shard: Int, into target: UnsafeMutablePointer<Float>, addend: AlignedBuffer<Float>?) {
    tiles.normalise(
      input.values[shard].pointer, into: target, mean: ChannelValues(mean, tiles), scale: ChannelValues(scale, tiles),
      shift: ChannelValues(shift, tiles), addend: addend.map { UnsafeRawPointer($0.pointer) }, rectify: rectifies)
  }

  private func useBatchStatistics() throws {
    try statistics.sum(.forward) { shard, partials, sums in
      tiles.moments(input.values[shard].pointer, partials: partials, sums: sums)
    }
    let n = statistics.elementsPerView
    for view in 0..<2 {
      for channel in 0..<channels {
        let moments = statistics.total(view: view, channel: channel)
        let mu = moments.0 / n
        let difference = moments.1 / n - mu * mu
        // Rounding may bring it below 0; what is not a number stays (max(0, difference) would hide an infinite x).
        let variance = difference < 0 ? 0 : difference
        set(view: view, channel: channel, mean: mu, variance: variance)
        runningMean[channel] += Self.momentum * (Float(mu) - runningMean[channel])
        runningVariance[channel] += Self.momentum * (Float(variance * n / max(1, n - 1)) - runningVariance[channel])
      }
    }
  }

  private func useRunningStatistics() {
    for view in 0..<tiles.views {
      for channel in 0..<channels {
        set(
          view: view, channel: channel, mean: Double(runningMean[channel]), variance: Double(runningVariance[channel]))
      }
    }
  }

  private func set(view: Int, channel: Int, mean mu: Double, variance: Double) {
    let i = view * tiles.paddedChannels + channel
    let inverse = 1 / (variance + Self.epsilon).squareRoot()
    mean.pointer[i] = Float(mu)
    inverseDeviation.pointer[i] = Float(inverse)
    scale.pointer[i] = Float(inverse * Double(weight[channel]))
    shift.pointer[i] = bias[channel]
  }

  public var takesBFloat16: Bool { true }
  public var writesBeforePostponedWork: Bool { false }

  public func backward() throws {
    let mean = ChannelValues(mean, tiles)
    // The memory rebuilt into may be what the postponed work still uses.
    if rebuildsOutput { try workspace.runPostponed() }
    if rectifies, shortcut != nil { output.rebuild() }
    try statistics.sum(.backward, meanwhile: workspace.runPostponed) { shard, partials, sums in
      tiles.gradientSums(
        output.gradients[shard].pointer, input.values[shard].pointer, mean: mean, mask: mask(shard),
        partials: partials, sums: sums)
      storeParameterGradient(shard: shard, sums)
    }
    let n = statistics.elementsPerView
    for view in 0..<2 {
      for channel in 0..<channels {
        let i = view * tiles.paddedChannels + channel
        let sums = statistics.total(view: view, channel: channel)
        let (scale, inverse) = (Double(scale.pointer[i]), Double(inverseDeviation.pointer[i]))
        b.pointer[i] = Float(scale * sums.0 / n)
        c.pointer[i] = Float(scale * inverse * inverse * sums.1 / n)
      }
    }
    let (a, b, c) = (ChannelValues(scale, tiles), ChannelValues(b, tiles), ChannelValues(c, tiles))
    for shard in input.values.indices {
      tiles.inputGradient(
        output.gradients[shard].pointer, input.values[shard].pointer, into: input.gradients[shard].pointer,
        mean: mean, a: a, b: b, c: c, mask: mask(shard))
    }
    try workspace.completed(gradientSum)
  }

  private func mask(_ shard: Int) -> ChannelTiles.Mask {
    guard rectifies else { return .none }
    if shortcut != nil { return .output(output.backwardValues[shard].pointer) }
    return .recomputed(scale: ChannelValues(scale, tiles), shift: ChannelValues(shift, tiles))
  }

  /// ∂L/∂γ = Σ g·x̂ and ∂L/∂β = Σ g over one shard's two views.
  private func storeParameterGradient(shard: Int, _ sums: UnsafePointer<Double>) {
    let arena = workspace.parameters.values.pointer
    let weightGradient = gradientSum.address(leaf: shard, offset: weight - arena)
    let biasGradient = gradientSum.address(leaf: shard, offset: bias - arena)
    for channel in 0..<channels {
      let (first, second) = (sums + channel * 2, sums + (channels + channel) * 2)
      let inverse = (
        Double(inverseDeviation.pointer[channel]), Double(inverseDeviation.pointer[tiles.paddedChannels + channel])
      )
      weightGradient[channel] = Float(first[1] * inverse.0 + second[1] * inverse.1)
      biasGradient[channel] = Float(first[0] + second[0])
    }
    gradientSum.merge(afterLeaf: shard)
  }
}
