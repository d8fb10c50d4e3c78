import Configuration
import DataParallel
import Encoders
import Layers
import MPI
import Optimization
import Training
import TwinNetwork

/// `agreement FIELD`: the last rank has another value of FIELD when it is compared as before a run's step 0.
///
/// Every rank must throw the same failure, and prints it on one line. `agreement nothing` prints `agreed`.
struct AgreementProbe {
  let field: String
  let communicator: Communicator

  init(_ arguments: [String], _ communicator: Communicator) {
    (field, self.communicator) = (arguments[1], communicator)
  }

  func run() throws {
    let isOther = communicator.rank == communicator.size - 1
    func differs(_ name: String) -> Bool { isOther && field == name }
    var configuration = TrainingConfiguration()
    configuration.batchSize = 16
    configuration.maxEpochs = 2
    if differs("configuration") { configuration.lambd = 0.01 }
    let plan = try TrainingPlan(configuration, shards: 4, samples: differs("samples") ? 63 : 64)
    // As many tensors and numbers in either order.
    let encoder = MLP(inputs: 8, hidden: differs("layout") ? [4, 6, 8] : [6, 4, 8]).encoder
    let state = try ParameterSet(Sequential([encoder.layers, Projector(inputs: 8, hidden: 8, outputs: 8).layers]))
    try state.initialise(seed: 1)
    let optimizer = try Adam(ParameterGroups(state.parameters.layout), decay: .decoupled)
    func flipOneBit(_ name: String, _ values: UnsafeMutablePointer<Float>) {
      if differs(name) { values[3] = Float(bitPattern: values[3].bitPattern ^ 1) }
    }
    flipOneBit("parameters", state.parameters.values.pointer)
    flipOneBit("statistics", state.statistics.values.pointer)
    flipOneBit("moments", optimizer.state[1].buffer.pointer)
    var kernels = KernelTable()
    kernels["encoder.0.weight", .forward] = differs("kernels") ? "matrixProduct" : "innerProduct"
    do {
      try communicator.requireSamePlan(plan, firstStep: differs("step") ? 1 : 0, state, kernels)
      try communicator.requireSameState(state, optimizer)
      print("agreed")
    } catch let agreed as AgreedFailure {
      let lines = agreed.failure.description.split(separator: "\n").map { $0.drop { $0 == " " } }
      print("failed: \(agreed.failure.kind.rawValue) \(lines.joined(separator: " | "))")
    }
  }
}
