import Configuration
import Diagnostics
import Encoders
import Layers
import MPI
import Training

/// Barlow Twins as an estimator, on all ranks of a communicator: nidl's `BarlowTwins` with its parameters and methods.
///
///     let communicator = try Communicator.join()
///     var options = TrainingConfiguration()
///     options.encoder = .resnet3d18
///     options.batchSize = 64
///     options.maxEpochs = 100
///     options.augment = "noise=0.05"
///     let model = BarlowTwins(options, communicator)
///     try model.fit(DataSpec.open("npy:volumes.npy"))
///     let features = try model.transform(DataSpec.open("npy:volumes.npy"))
///     communicator.leave()
///
/// Every method that computes is a collective: all ranks call it with the same arguments. What one rank finds wrong is
/// thrown by all, as `AgreedFailure`. Options are those of `bt-dist train`, under the same names in camel case; `out` may
/// stay empty: then nothing is written.
public final class BarlowTwins {
  /// What the next `fit` does.
  public var configuration: TrainingConfiguration
  /// The ranks that train together.
  public let communicator: Communicator
  let makeEncoder: EncoderMaker?
  /// The run of the last `fit` or `trainingStep`.
  var run: TrainingRun?
  /// Parameters that were loaded, until a run takes them over.
  var loaded: FittedNetwork?

  /// - Parameter makeEncoder: a network of one's own (`configuration.encoder` becomes `custom`); nil for the one that
  ///   `configuration.encoder` names.
  public init(
    _ configuration: TrainingConfiguration = TrainingConfiguration(), encoder makeEncoder: EncoderMaker? = nil,
    _ communicator: Communicator
  ) {
    self.configuration = configuration
    self.makeEncoder = makeEncoder
    self.communicator = communicator
    self.configuration.fillInDefaults()
    if makeEncoder != nil { self.configuration.encoder = .custom }
  }

  /// Whether there are parameters to transform with: nidl's `fitted`.
  public var isFitted: Bool { run != nil || loaded != nil }

  /// Optimizer steps done; 0 before the first, and after `load`.
  public var step: Int { run?.step ?? 0 }
  var updates: Int { run?.updates ?? 0 }

  /// - Throws: a usage failure before `fit` and `load`.
  func fitted() throws -> FittedNetwork {
    if let run { return FittedNetwork(state: run.network.state, sampleShape: run.sampleShape, kernels: run.kernels) }
    if let loaded { return loaded }
    throw Failure(.usage, "the estimator is not fitted", remedy: "call fit or load first")
  }

  /// A parameter or running statistic under nidl's name, flat in PyTorch's layout, such as `encoder.conv1.weight`.
  public func values(of name: String) throws -> [Float] {
    let state = try fitted().state
    let arena = state.parameters.layout.contains(name) ? state.parameters : state.statistics
    let entry = try arena.layout.entry(name)
    return Array(UnsafeBufferPointer(start: arena.pointer(of: entry), count: entry.count))
  }

  func network(_ sampleShape: [Int]) -> ConfiguredNetwork {
    ConfiguredNetwork(configuration, sampleShape: sampleShape, encoder: makeEncoder)
  }
}

/// What is known of a network that has been trained.
struct FittedNetwork {
  /// Parameters and running statistics.
  let state: ParameterSet
  /// Of the samples that they are for.
  let sampleShape: [Int]
  /// How its layers were computed: features then have the same bits everywhere.
  let kernels: KernelTable
}
