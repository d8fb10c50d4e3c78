/// A layer of an encoder that is described in a configuration, in PyTorch's terms.
///
/// A list of them is read as PyTorch's `nn.Sequential`. Input channels and the number of directions (2 or 3) come from
/// the shape of the samples. Each word's file has the function that makes one: `.linear(outputs: 128)`.
public struct LayerSpecification: Sendable {
  /// All words, in the order of messages.
  package static let words: [any LayerWord.Type] = [
    Convolution.self, BatchNorm.self, ReLU.self, MaxPool.self, AveragePool.self, AdaptiveAveragePool.self,
    GlobalAveragePool.self, GlobalMaxPool.self, Dropout.self, Flatten.self, Linear.self, Residual.self,
    Concatenate.self, Repeated.self,
  ]

  package let word: any LayerWord

  package init(_ word: any LayerWord) { self.word = word }

  /// Layers of the list with repetitions written out and branches counted; `Int.max` beyond it.
  static func count(_ layers: [LayerSpecification]) -> Int {
    layers.reduce(0) { sum, layer in
      let (result, overflow) = sum.addingReportingOverflow(layer.word.layerCount)
      return overflow ? .max : result
    }
  }
}

extension LayerSpecification: Equatable {
  public static func == (a: LayerSpecification, b: LayerSpecification) -> Bool { a.word.isEqual(to: b.word) }
}

extension LayerWord {
  fileprivate func isEqual(to other: any LayerWord) -> Bool { other as? Self == self }
}
