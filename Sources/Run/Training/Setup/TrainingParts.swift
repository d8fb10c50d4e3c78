import Configuration
import DataParallel
import Datasets
import Diagnostics
import Encoders
import Loading
import MPI
import ModelFiles
import Optimization
import Planning
import RunRecord
import Tensors
import TwinNetwork
import Views

/// Everything that the training loop of one rank needs, made before the first step.
package struct TrainingParts {
  let plan: TrainingPlan
  let communicator: Communicator
  package let group: ShardGroup
  package let dataset: any Dataset
  let augmentation: Augmentation
  package let network: BarlowTwinsNetwork
  let kernels: KernelPlan
  /// Bytes that the process has besides its buffers, once the network is planned; nil where that is not known.
  let bytesBesideBuffers: Int?
  package let optimizer: any Optimizer
  let schedule: LearningRateSchedule
  package let globalStep: GlobalStep
  package let saver: CheckpointSaver
  let badStepRule: BadStepRule
  /// Known before the first number is drawn; nil where the system does not say what a process has.
  private(set) var memory: MemoryForecast?
  /// nil without validation data.
  let validation: ValidationSet?
  /// What the first step starts from, besides the tensors.
  let state: CheckpointState
  /// How the ranks' kernels differ; empty when they are the same.
  private(set) var kernelRemarks: [String] = []
  /// A remark where bf16 was asked for but is not used.
  let precisionRemarks: [String]
  /// What `--init` gave, on rank 0; nil where nothing was read from it.
  private(set) var initialParameters: InitialParameters?

  /// Whether the bits of this run are the same on other numbers of ranks that are powers of two.
  var isIndependentOfRanks: Bool { group.isIndependentOfRanks && kernelRemarks.isEmpty }

  /// Plans the network and loads its first parameters: from the start's checkpoint or earlier run, from `--init`, or
  /// drawn. A collective.
  ///
  /// - Parameter makeEncoder: nil for the encoder that the configuration names.
  /// - Parameter report: told on rank 0 of work that takes several seconds.
  package init(
    _ start: RunStart, _ dataset: any Dataset, validation: (any Dataset)? = nil, _ makeEncoder: EncoderMaker?,
    report: ((String) -> Void)? = nil, _ communicator: Communicator
  ) throws {
    let (plan, configuration) = (start.plan, start.plan.configuration)
    self.plan = plan
    self.communicator = communicator
    self.dataset = dataset
    badStepRule = start.badStepRule
    group = try communicator.together {
      try ShardGroup(communicator, shards: plan.batches.shards, reduction: configuration.reduction)
    }
    let (shape, group) = (dataset.sampleShape, group)
    augmentation = try communicator.together {
      try Augmentation.parse(configuration.augment, shape: shape, viewsPerSample: dataset.viewsPerSample)
    }
    self.validation = try communicator.together {
      guard let validation, let validationPlan = plan.validation else { return nil }
      return try ValidationSet(validation, validationPlan, configuration, trained: dataset)
    }
    let (element, precisionRemarks) = try communicator.activationElement(configuration)
    self.precisionRemarks = precisionRemarks
    (network, kernels) = try KernelPlan.makeNetwork(start, communicator, report: report) { kernels in
      try ConfiguredNetwork(configuration, sampleShape: shape, encoder: makeEncoder)
        .network(samplesPerShard: plan.batches.samplesPerShard, batch: group, element: element, kernels: kernels)
    }
    bytesBesideBuffers = MemoryLedger.process.bytesBeside
    let layout = network.state.parameters.layout
    optimizer = try communicator.together { try configuration.makeOptimizer(layout) }
    schedule = configuration.learningRateSchedule
    let (network, optimizer, schedule) = (network, optimizer, schedule)
    globalStep = try communicator.together {
      try GlobalStep(network, optimizer, schedule, configuration.gradientClipping, plan.batches, group)
    }
    let writes = communicator.rank == 0 && configuration.enableCheckpointing
    saver = try communicator.together {
      try CheckpointSaver(network.state, optimizer, configuration, store: writes ? start.store : nil)
    }
    var state = CheckpointState(step: 0, shards: plan.batches.shards, lossStart: nil, layout: try layout.hash())
    if let found = start.state {
      (state, state.shards, state.layout) = (found, plan.batches.shards, state.layout)
    }
    state.kernels = kernels.table.choices
    self.state = state
    optimizer.stepCount = state.updateCount
    try communicator.requireSamePlan(plan, firstStep: start.step, network.state, kernels.table)
    memory = try MemoryForecast(self, communicator)
    guard start.needsParameters else { return }
    try requireMemory(report)
    initialParameters = try loadParameters(start)
    try communicator.requireSameState(network.state, optimizer)
    kernelRemarks = try communicator.kernelRemarks()
  }

  /// Begins to load the steps that are left.
  package func makeLoader() throws -> BatchLoader {
    try BatchLoader(
      dataset: dataset, plan: plan.batches, augmentation: augmentation, localShards: group.localShards,
      steps: state.step..<max(state.step, plan.lastStep), workers: plan.configuration.workers)
  }

  /// Ends a run that no host can hold before its memory is touched. A collective.
  private func requireMemory(_ report: ((String) -> Void)?) throws {
    try communicator.onRoot { if let refusal = memory?.refusal { throw refusal } }
    // Drawing takes a second for each hundred million numbers or so.
    if communicator.rank == 0, let memory, network.state.parameters.layout.total > 1 << 27 {
      report?("\(SummaryText.bytes(memory.peakOfRank)) of memory predicted for a rank; preparing the parameters")
    }
  }

  /// Rank 0 reads files; the others get its arenas, even those just drawn: another C library may draw other numbers.
  private func loadParameters(_ start: RunStart) throws -> InitialParameters? {
    let (state, configuration) = (network.state, plan.configuration)
    var initial: InitialParameters?
    try communicator.together { try state.initialise(seed: configuration.randomState) }
    try communicator.onRoot {
      if let checkpoint = start.checkpoint {
        try saver.restore(checkpoint)
      } else if let origin = start.origin {
        try origin.copy(into: state, optimizer)
      } else if let path = configuration.initialParameters {
        initial = try InitialParameters(reading: path, into: state, peer: PeerNames(network.encoder))
      }
    }
    try communicator.broadcast(state, optimizer)
    return initial
  }
}
