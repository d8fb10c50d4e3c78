import Configuration
import Diagnostics
import Encoders

/// How an exported file is loaded in Python: by which class of torchvision or nidl, changed where it must be, and the
/// lines that do it and compute the features of an array.
package struct PythonLoader: Sendable {
  /// One sentence: what takes the file.
  package let summary: String
  /// Python; empty where no class takes it.
  package let lines: [String]

  /// - Parameter file: the path of the exported file.
  /// - Parameter inputs: channels of the samples; for an MLP the numbers of a sample.
  /// - Parameter features: of an embedding.
  /// - Parameter isFull: with the projector.
  package init(_ configuration: TrainingConfiguration, file: String, inputs: Int, features: Int, isFull: Bool) {
    guard let network = PythonNetwork(configuration, inputs: inputs) else {
      summary =
        "no class of torchvision or nidl has these layers; safetensors.torch.load_file gives the tensors by name"
      lines = []
      return
    }
    let changes = network.changes.isEmpty ? "" : ", changed by these lines (\(network.changes.joined(separator: ", ")))"
    summary = "loaded by \(network.origin)" + (isFull ? " in nidl's BarlowTwins" : "") + changes
    var lines = ["import numpy, torch", network.imports, "from safetensors.torch import load_file"]
    if isFull { lines.append("from nidl.estimators.ssl import BarlowTwins") }
    lines += network.construction
    let state = "load_file(\(file.quotedJSON))"
    if isFull {
      lines += [
        "whole = BarlowTwins(encoder=model, proj_input_dim=\(features), "
          + "proj_hidden_dim=\(configuration.projHiddenDim), proj_output_dim=\(configuration.projOutputDim))",
        "whole.load_state_dict(\(state), strict=True)",
      ]
    } else {
      lines.append("model.load_state_dict(\(state), strict=True)")
    }
    lines += [
      "x = numpy.load(\"x.npy\")  # \(network.shape)",
      "x = x.astype(numpy.float32) / (255 if x.dtype == numpy.uint8 else 1)  # bytes become 0 to 1, floats stay",
    ]
    if let axis = network.missingAxis { lines.append(axis) }
    lines += [
      "with torch.no_grad():",
      "    features = model.eval()(torch.from_numpy(x))\(network.pooling)  # as bt-dist embed, to rounding",
    ]
    self.lines = lines
  }
}
