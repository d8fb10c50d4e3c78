import Tensors
import TestSupport
import Testing

/// Embeddings and gradients of whole networks at step 0 against PyTorch in float64, each rank with its own rows.
@Suite struct NetworkGradientTests {
  static let networks = [
    (fixture: "train-mlp", encoder: "mlp"), ("train-mlp-adamW", "mlp"), ("train-resnet18-small", "resnet18-small"),
    ("train-resnet18", "resnet18"),
  ]

  @Test(arguments: networks, [(ranks: 1, shards: 1), (1, 4), (2, 2), (4, 4)])
  func isPyTorchs(_ network: (fixture: String, encoder: String), _ layout: (ranks: Int, shards: Int)) throws {
    try compare(network.fixture, network.encoder, "direct", layout.ranks, layout.shards, tolerance: 3)
  }

  /// The batch of 24 falls into equal shards on 1, 2, 3 and 4 ranks.
  @Test(
    arguments: [(fixture: "gradient-mlp-24", encoder: "mlp"), ("gradient-resnet18-small-24", "resnet18-small")],
    [(ranks: 1, shards: 1), (1, 12), (2, 2), (2, 4), (3, 3), (3, 6), (4, 4), (4, 8)])
  func isPyTorchsOnAnyNumberOfRanks(
    _ network: (fixture: String, encoder: String), _ layout: (ranks: Int, shards: Int)
  ) throws {
    try compare(network.fixture, network.encoder, "direct", layout.ranks, layout.shards, tolerance: 3)
  }

  /// Winograd rounds more: about twice PyTorch's error on these networks, see README.
  @Test(arguments: [(ranks: 1, shards: 1), (2, 2), (4, 4)])
  func winogradIsPyTorchs(_ layout: (ranks: Int, shards: Int)) throws {
    try compare("train-resnet18-small", "resnet18-small", "winograd", layout.ranks, layout.shards, tolerance: 6)
  }

  private struct Errors: Decodable {
    let z, grad: Double
  }

  private func compare(
    _ name: String, _ encoder: String, _ convolution: String, _ ranks: Int, _ shards: Int, tolerance: Double
  ) throws {
    let (folder, expected) = (try TemporaryFolder(), try Fixture(name))
    let out = folder.file("out.safetensors")
    let result = try Launch.run(
      "rank-probe", ["network", Fixture.path(name + ".safetensors"), encoder, convolution, "\(shards)", out],
      ranks: ranks)
    try #require(result.code == 0, "\(result.text)")
    let found = try SafetensorsFile(path: out)
    let yardstick = try expected.value("pytorch_float32_error", as: Errors.self)
    let zero = Set(try expected.value("zero_gradients", as: [String].self).map { "grad." + $0 })
    let names = expected.file.names.filter { $0.hasPrefix("grad.") && !zero.contains($0) }
    let gradients = try (names.flatMap { try found.floats(of: $0) }, names.flatMap { try expected.floats($0) })
    #expect(relativeError(gradients.0, to: gradients.1) < tolerance * yardstick.grad)
    let z = try (["z1", "z2"].flatMap { try found.floats(of: $0) }, ["z1", "z2"].flatMap { try expected.floats($0) })
    #expect(relativeError(z.0, to: z.1) < tolerance * yardstick.z)
    let (loss, reference) = (
      try #require(Double(found.metadata["loss"] ?? "")), try expected.value("losses", as: [Double].self)[0]
    )
    #expect(abs(loss - reference) < 1e-5 * reference)
  }
}
