import Configuration
import DataParallel
import Diagnostics
import Layers
import MPI
import Tensors
import Training
import TwinNetwork

/// What the loss alone costs, in both of its forms.
package struct LossMeasurement: Sendable, Encodable {
  package struct Form: Sendable, Encodable {
    package var form: String
    /// Whether a training of this size takes it.
    package var isChosen: Bool
    package var forwardMs: Spread
    /// Standardisation, loss and gradient.
    package var forwardBackwardMs: Spread
    /// Forward and backward, over all ranks.
    package var flops: Int
    package var flopsPerSecond: Double
    package var shareOfGemm: Double
  }

  /// B
  package var batchSize: Int
  /// D
  package var features: Int
  package var gemmFlopsPerSecond: Double
  package var forms: [Form]

  /// Both forms in turns, on embeddings of normal numbers. A collective.
  init(
    batchSize: Int, features: Int, repeats: Int, warmup: Int, _ configuration: TrainingConfiguration,
    _ communicator: Communicator
  ) throws {
    (self.batchSize, self.features) = (batchSize, features)
    var configuration = configuration
    configuration.batchSize = batchSize
    let shards = configuration.shards ?? communicator.size
    let group = try communicator.together {
      try configuration.validate(shards: shards)
      return try ShardGroup(communicator, shards: shards, reduction: configuration.reduction)
    }
    try communicator.together {
      let bytes = Self.bytes(batchSize: batchSize, features: features, shards: shards, ranks: communicator.size)
      try MemoryRoom.require(bytes, for: .loss)
    }
    let embeddings = try Self.embeddings(group, rows: 2 * batchSize / shards, features: features)
    let chosen = BarlowTwinsLoss.Form.cheaper(batch: batchSize, features: features)
    let losses = try [BarlowTwinsLoss.Form.dual, .primal].map { form in
      try BarlowTwinsLoss(embeddings: embeddings, batch: group, lambd: configuration.lambd, form: form)
    }
    var (forward, both) = ([[Double]](repeating: [], count: 2), [[Double]](repeating: [], count: 2))
    for step in 0..<warmup + repeats {
      for (index, loss) in losses.enumerated() {
        let times = try [{ _ = try loss.forward() }, { _ = try loss.forwardBackward() }].map {
          try communicator.milliseconds($0)
        }
        guard step >= warmup else { continue }
        forward[index].append(times[0])
        both[index].append(times[1])
      }
    }
    let gemm = try MatrixPeak.measure(communicator)
    gemmFlopsPerSecond = gemm
    forms = losses.enumerated().map { index, loss in
      let spread = Spread(both[index])
      let rate = 1e3 * Double(loss.flops) / spread.median
      return Form(
        form: loss.form.rawValue, isChosen: loss.form == chosen, forwardMs: Spread(forward[index]),
        forwardBackwardMs: spread, flops: loss.flops, flopsPerSecond: rate, shareOfGemm: rate / gemm)
    }
  }

  /// Of a rank, for both forms together.
  private static func bytes(batchSize: Int, features: Int, shards: Int, ranks: Int) -> Int {
    let (b, d) = (Double(batchSize), Double(features))
    let own = 8 * b * d / Double(ranks)
    let matrices = 2 * b * b / Double(shards) + d * d
    return Int(min(4 * (own + 4 * b * d + matrices), 0x1p60))
  }

  private static func embeddings(_ group: ShardGroup, rows: Int, features: Int) throws -> Activation {
    let shape = try TensorShape(samples: rows, channels: features).checked()
    let values = try group.localShards.map { shard in
      let buffer = try AlignedBuffer<Float>(shape.count, for: .activations)
      var stream = PhiloxStream(seed: 0, purpose: .syntheticData, sample: shard)
      for i in 0..<buffer.count { buffer.pointer[i] = stream.normal() }
      return buffer
    }
    let activation = Activation(shape, values: values)
    activation.gradients = try values.map { _ in try AlignedBuffer(shape.count, for: .activations) }
    return activation
  }
}

extension Communicator {
  /// How long `work` takes on this rank, when all ranks begin together. A collective.
  func milliseconds(_ work: () throws -> Void) throws -> Double {
    _ = try maximum([0])
    let start = monotonicSeconds()
    try work()
    return 1e3 * (monotonicSeconds() - start)
  }
}
