extension Convolution {
  var sizes: String {
    """
    \(kind), weight \(parameters[0].shape), padding \(padding)\(parameters.count > 1 ? ", bias" : "")
    """
  }

  func unplannedCopy() -> any TunableLayer {
    Convolution(
      String(parameters[0].name.dropLast(".weight".count)), inputChannels: inputChannels,
      outputChannels: outputChannels, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      groups: groups, bias: parameters.count > 1, needsInputGradient: needsInputGradient)
  }
}
