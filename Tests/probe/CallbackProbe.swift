import Configuration
import DataParallel
import Diagnostics
import MPI
import RunRecord
import Training

/// `callbacks MIN-STEPS [EVENT]`: a run of 6 steps with a validation every 2 and a callback that prints what it hears. At
/// EVENT, such as `stop:step 3` or `throw:validated 2`, the callback asks for the end of the run or throws.
///
/// Every rank prints how the run ended for it.
struct CallbackProbe {
  let minSteps: Int?
  let event: String
  let communicator: Communicator

  init(_ arguments: [String], _ communicator: Communicator) {
    (minSteps, event) = (Int(arguments[1]), arguments.count > 2 ? arguments[2] : "")
    self.communicator = communicator
  }

  func run() throws {
    var configuration = TrainingConfiguration()
    (configuration.data, configuration.valData) = ("synthetic:12,n=56", "synthetic:12,n=40")
    (configuration.encoder, configuration.mlpHidden, configuration.augment) = (.mlp, [16, 8], "noise=0.1")
    (configuration.projHiddenDim, configuration.projOutputDim, configuration.batchSize) = (16, 24, 16)
    (configuration.maxEpochs, configuration.minSteps, configuration.lrScheduler) = (2, minSteps, .none)
    (configuration.checkValEveryNEpoch, configuration.valCheckInterval) = (nil, .count(2))
    let run = try TrainingRun(configuration, communicator)
    do {
      let end = try run.train(Listener(event))
      print("rank \(communicator.rank): \(end)")
    } catch let agreed as AgreedFailure {
      print("rank \(communicator.rank): failed: \(agreed.failure.message)")
    }
  }

  private final class Listener: Callback {
    private let event: String
    private var control: RunControl?

    init(_ event: String) { self.event = event }

    private func hear(_ text: String) throws {
      print(text)
      if event == "stop:\(text)" { control?.requestStop("heard \(text)") }
      if event == "throw:\(text)" { throw Failure(.data, "heard \(text)") }
    }

    func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {
      self.control = control
      try hear("start")
    }
    func stepDidEnd(_ record: StepRecord) throws { try hear("step \(record.step)") }
    func validationWillStart(step: Int, batches: Int) throws { try hear("validation \(step) of \(batches)") }
    func validationDidEnd(_ record: ValidationRecord) throws { try hear("validated \(record.step)") }
    func epochDidEnd(_ record: EpochRecord) throws { try hear("epoch \(record.epoch) of \(record.loss.count)") }
    func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws { try hear("end \(finalStep)") }
  }
}
