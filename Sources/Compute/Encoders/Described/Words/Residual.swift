import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// body(x) + shortcut(x), a ResNet's block without the ReLU; an empty shortcut is x itself.
  package struct Residual: LayerWord {
    package static let name = "residual"
    package static let keys = ["shortcut"]
    package static let example = "{residual: [{convolution: 32, kernel_size: 3, padding: 1}, 'batch_norm']}"
    package static let synonyms = ["res", "resblock", "residualblock", "body", "skip"]
    package static let keySynonyms = ["downsample": "shortcut", "projection": "shortcut"]

    package let body: [LayerSpecification]
    package let shortcut: [LayerSpecification]

    init(body: [LayerSpecification], shortcut: [LayerSpecification]) {
      self.body = body
      self.shortcut = shortcut
    }

    package init(_ reader: LayerReader) throws(Failure) {
      body = try reader.layers(Self.name)
      shortcut = reader["shortcut"] == nil ? [] : try reader.layers("shortcut")
    }

    package var json: JSONValue {
      object(LayerSpecification.json(body), shortcut.isEmpty ? [:] : ["shortcut": LayerSpecification.json(shortcut)])
    }

    /// The sum is a layer too.
    package var layerCount: Int { LayerSpecification.count(body + shortcut + [.relu]) }

    /// A batch norm at the end of the body, the sum, and a ReLU after it are one pass over memory.
    package func build(_ builder: inout LayerBuilder) throws(Failure) {
      builder.blockChannels()
      var list = builder.list(body, part: "body", key: Self.name)
      let norm = list.last?.specification == .batchNorm ? list.removeLast() : nil
      let main = try builder.branch(list)
      let side = try builder.branch(builder.list(shortcut, part: "shortcut", key: "shortcut"))
      try checkSum(main.shape, side.shape, builder)
      builder.shape = main.shape
      let projection = shortcut.isEmpty ? nil : side.layers
      guard let norm else { return builder.append(ResidualSum(body: main.layers, shortcut: projection)) }
      let last = BatchNormalization(norm.name, channels: main.shape.channels, rectifies: builder.takeReLU())
      builder.append(ResidualBlock(body: main.layers, last: last, projection: projection))
    }

    private func checkSum(_ main: TensorShape, _ side: TensorShape, _ builder: LayerBuilder) throws(Failure) {
      if main == side { return }
      throw Failure(
        .usage, "the branches of a residual differ in shape", at: builder.place,
        expected: "\(main), as the body gives",
        found: "\(side), \(shortcut.isEmpty ? "its input" : "as the shortcut gives")",
        remedy: shortcut.isEmpty
          ? projection(from: side, to: main) : "give both the same channels, strides and padding")
    }

    /// What to write for a shortcut between two shapes.
    private func projection(from: TensorShape, to: TensorShape) -> String {
      if to.spatial.isEmpty && from.spatial.isEmpty { return "add shortcut: [{linear: \(to.channels)}]" }
      let stride = (1...1024).first { stride in from.spatial.map { ($0 - 1) / stride + 1 } == to.spatial }
      guard let stride, !to.spatial.isEmpty else {
        return "give its layers padding that keeps the extents, or a shortcut"
      }
      let key = stride > 1 ? ", stride: \(stride)" : ""
      return "add shortcut: [{convolution: \(to.channels), kernel_size: 1\(key)}, 'batch_norm'], or change the body"
    }
  }

  /// body(x) + shortcut(x); an empty shortcut is x itself.
  public static func residual(body: [LayerSpecification], shortcut: [LayerSpecification] = []) -> LayerSpecification {
    LayerSpecification(Residual(body: body, shortcut: shortcut))
  }
}
