internal import COneDNN

/// Copies plain images or volumes into channel blocks, the layout of everything after a convolution.
///
/// For a network that does not begin with a convolution: it must be the first layer, since it computes no gradient with
/// respect to its input.
package final class ChannelBlocking: Layer {
  package let parameters: [ParameterSpec] = []
  private var output: Activation!
  private var calls: [PreparedCall] = []

  package init() {}

  package func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    var shape = input.shape
    shape.layout = .blocked(width: OneDNN.shared.channelBlock)
    output = try workspace.activation(shape)
    let (from, to) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(shape))
    let reorder = try Primitive.reorder(from: from, to: to)
    calls = try zip(input.values, output.values).map { x, y in
      try PreparedCall(
        reorder, scratchpad: workspace.scratchpad,
        [(DNNL_ARG_FROM, from, .init(x.pointer)), (DNNL_ARG_TO, to, .init(y.pointer))])
    }
    return output
  }

  package func planBackward(_ workspace: Workspace) { workspace.release(output) }

  package func forward() throws {
    for call in calls { try call.run() }
  }

  package func backward() {}
}
