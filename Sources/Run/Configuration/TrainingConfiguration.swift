import CommandLine
import DataParallel
import Encoders
import Layers
import Optimization
import TwinNetwork

/// Everything that defines a training run; the values are the defaults.
///
/// Names and defaults follow nidl's `BarlowTwins` where it has the parameter. The same names, in kebab case, are the
/// long options of `bt-dist train` and the keys of its configuration file.
public struct TrainingConfiguration: Sendable, Equatable {
  /// Whether rank 0 of a new run measures kernels.
  public enum Autotune: String, Sendable, CaseIterable { case on, off }
  /// What a run does about a step whose loss or gradient is not finite.
  public enum OnBadLoss: String, Sendable, CaseIterable { case stop, skip, rollback }
  /// `auto`: from the newest whole checkpoint in `out`, if there is one. `path`: from that checkpoint folder or run, where
  /// `out` has no checkpoints of its own; one of its own: back to it, once.
  public enum Resume: Sendable, Equatable {
    case auto, never
    case path(String)
  }

  // Data
  /// A data specification: `fashion-mnist`, `idx:…`, `npy:…`, `pairs:…`, `synthetic:…`.
  public var data = "fashion-mnist"
  /// Fingerprints of other data that a run may resume with, or their first digits, separated by commas; nil: none.
  public var acceptData: String?
  /// Whether samples whose first axis does not look like channels are refused, or meant.
  public var channelAxis = ChannelAxis.auto
  /// An augmentation recipe, `none`, or `auto`: the small-image recipe for single images, none for given pairs, noise for
  /// single rows and volumes.
  public var augment = "auto"
  public var shuffle = true
  /// Samples per step over all ranks; nil: 256, or as many as the data set holds.
  public var batchSize: Int?
  /// Loader threads of each rank.
  public var workers = 1

  // Network
  public var encoder = EncoderKind.resnet18
  public var stem = ImageStem.small
  /// Channels of a ResNet's first stage.
  public var width = 64
  /// Output sizes of an MLP's layers; the last is the embedding.
  public var mlpHidden = [1024, 1024, 512]
  /// Further parameters of the encoder under torchvision's and nidl's names.
  public var encoderKwargs: [String: KwargValue] = [:]
  /// The output size of nidl's 3-D networks; nil: theirs, 512, or 128 for AlexNet.
  public var nEmbedding: Int?
  /// The layers of an encoder that the configuration describes.
  public var layers: [LayerSpecification]?
  /// The encoder's output size; need not be given, and must be right if it is.
  public var projInputDim: Int?
  public var projHiddenDim = 2048
  public var projOutputDim = 2048
  /// Initial parameters from a safetensors file.
  public var initialParameters: String?

  // Loss
  public var lambd = 0.005
  /// nil: the cheaper one.
  public var lossForm: BarlowTwinsLoss.Form?

  // Optimization
  public var optimizer = OptimizerKind.adamW
  public var optimizerKwargs: [String: KwargValue] = [:]
  public var learningRate = 3e-4
  /// The rate of parameters with at most one dimension; nil: the learning rate.
  public var learningRateBiases: Double?
  public var scaleLearningRate = RateScaling.none
  public var weightDecay = 5e-4
  public var excludeBiasAndNormWd = true
  public var lrScheduler = LearningRateSchedule.Kind.warmupCosine
  public var lrInterval = WarmupCosine.Interval.step
  /// Epochs, which may be a fraction; nil: 10, or a tenth of a run that is not longer.
  public var warmupEpochs: Double?
  public var warmupStartLr = 1e-6
  public var minLr = 0.0
  /// The most that the gradient's norm or its elements may be; nil or 0: no clipping.
  public var gradientClipVal: Double?
  public var gradientClipAlgorithm = GradientClipping.Algorithm.norm

  // Length of the run
  /// `.max`: for ever (-1 on the command line).
  public var maxEpochs: Int?
  public var maxSteps: Int?
  /// Early stopping and callbacks do not end the run before both.
  public var minEpochs: Int?
  public var minSteps: Int?
  /// The batches of an epoch that are trained on.
  public var limitTrainBatches = BatchAmount.all
  public var randomState: UInt64 = 0

  // Validation and early stopping
  /// A data specification.
  public var valData: String?
  /// A recipe; nil: that of the training.
  public var valAugment: String?
  public var limitValBatches = BatchAmount.all
  /// nil: `valCheckInterval` counts batches over all epochs.
  public var checkValEveryNEpoch: Int? = 1
  public var valCheckInterval = BatchAmount.all
  /// -1: all.
  public var numSanityValSteps = 2
  public var earlyStopping: Metric?
  public var earlyStoppingPatience = 3
  public var earlyStoppingMinDelta = 0.0
  public var earlyStoppingMode = MetricMode.min

  // Parallelism
  /// The parts of a batch along which every sum is taken; nil: the number of ranks at the first start.
  public var shards: Int?
  /// Threads of each rank; nil: the cores of the host divided by its ranks.
  public var threads: Int?
  public var convolution = ConvolutionAlgorithm.auto
  /// Whether rank 0 of a new run measures which kernels are the fastest.
  public var autotune = Autotune.on
  /// Fixed methods: layer (the name of its weight), direction, method; see `KernelTable`.
  public var kernels: [String: [String: String]]?
  public var recompute = false
  /// What activations hold and products compute in; parameters, sums and the loss are always float32.
  public var precision = TensorShape.Element.float32
  /// How sums go across ranks: along the reduction tree, or in MPI's own order.
  public var reduction = Reduction.tree
  /// Seconds after which a rank that others wait for is named; after twice as long the job ends. nil: never.
  public var stallTimeout: Double? = 300
  /// When a launch ends itself with a checkpoint, counted from its start.
  public var timeLimit = TimeLimit.auto

  // Output
  /// The run folder.
  public var out = ""
  /// nil: at the end of each epoch, unless minutes are given.
  public var checkpointEveryNSteps: Int?
  /// nil: only by steps or epochs.
  public var checkpointEveryNMinutes: Double?
  /// Seconds for which saving may keep failing before the run ends.
  public var checkpointPatience = 600.0
  public var keepCheckpoints = 3
  public var resume = Resume.auto
  /// Without checkpoints a run cannot be resumed.
  public var enableCheckpointing = true
  /// The checkpoints with the best values of `monitor` that are kept in addition to the newest; -1: all of them.
  public var saveTopK = 0
  public var monitor = Metric.valLoss
  public var monitorMode = MetricMode.min
  public var onBadLoss = OnBadLoss.stop
  public var logEveryNSteps = 1
  public var enableProgressBar = true
  public var enableModelSummary = true

  public init() {}
}
