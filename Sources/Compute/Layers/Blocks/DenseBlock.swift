/// Layers each of which takes all earlier features and appends its own (DenseNet's block; Huang et al. 2017, nidl's
/// `_DenseBlock`, torchvision's).
///
/// x₀ = x, xᵢ₊₁ = [xᵢ, bodyᵢ(xᵢ)] along the channels. Bodies are usually BN, ReLU, 1×1 convolution, BN, ReLU, 3×3
/// convolution; each may add a different number of channels, but keeps samples and positions. Channels need not fill
/// whole blocks. Every xᵢ has its own memory, as in PyTorch without checkpointing.
public final class DenseBlock: Layer {
  private let chain: Sequential

  /// - Parameter bodies: the layers between xᵢ and what is appended to it, for each i.
  public init(_ bodies: [[any Layer]]) { chain = Sequential(bodies.map(DenseLayer.init)) }

  public var parameters: [ParameterSpec] { chain.parameters }
  public var buffers: [ParameterSpec] { chain.buffers }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    try chain.planForward(input, workspace)
  }

  public func planBackward(_ workspace: Workspace) throws { try chain.planBackward(workspace) }
  public func forward() throws { try chain.forward() }
  public var writesBeforePostponedWork: Bool { chain.writesBeforePostponedWork }
  public func backward() throws { try chain.backward() }
}
