extension Linear {
  var sizes: String { "Linear \(inputs) to \(outputs)\(hasBias ? ", bias" : "")" }

  func unplannedCopy() -> any TunableLayer {
    Linear(
      String(parameters[0].name.dropLast(".weight".count)), inputs: inputs, outputs: outputs, bias: hasBias,
      needsInputGradient: needsInputGradient)
  }
}
