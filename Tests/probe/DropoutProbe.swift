import BarlowTwinsDistributed
import Configuration
import Datasets
import Encoders
import Foundation
import Layers
import MPI

/// `dropout RUN STEPS`: trains an encoder with dropout, a dense block and all poolings up to a step, with validations
/// and checkpoints on the way; a second start resumes.
struct DropoutProbe {
  private let run: String
  private let steps: Int
  private let communicator: Communicator

  init(_ arguments: [String], _ communicator: Communicator) {
    (run, steps, self.communicator) = (arguments[1], Int(arguments[2])!, communicator)
  }

  static func encoder(_ sampleShape: [Int]) -> Encoder {
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int) -> Convolution {
      Convolution("encoder." + name, inputChannels: inputs, outputChannels: outputs, kernel: [3, 3], padding: 1)
    }
    let dense: [any Layer] = [
      BatchNormalization("encoder.d0.norm", channels: 9, rectifies: true), convolution("d0.conv", 9, 5),
      Dropout("encoder.d0.drop", probability: 0.2),
    ]
    let layers: [any Layer] = [
      Convolution(
        "encoder.stem", inputChannels: sampleShape[0], outputChannels: 9, kernel: [3, 3], padding: 1,
        needsInputGradient: false),
      BatchNormalization("encoder.norm", channels: 9, rectifies: true), Dropout("encoder.drop", probability: 0.1),
      DenseBlock([dense]), AveragePooling(window: 2), AdaptiveAveragePooling(output: [3, 2]), Flatten(),
      Linear("encoder.fc1", inputs: 14 * 6, outputs: 24, bias: true), ReLU(),
      Dropout("encoder.drop2", probability: 0.5), Linear("encoder.fc2", inputs: 24, outputs: 8, bias: true),
    ]
    return Encoder(name: "dropout", layers: Sequential(layers), features: 8, input: .images)
  }

  func train() throws {
    var options = TrainingConfiguration()
    (options.batchSize, options.shards, options.projHiddenDim, options.projOutputDim) = (32, 8, 32, 48)
    (options.lrScheduler, options.learningRate, options.maxSteps) = (.none, 3e-3, steps)
    (options.checkpointEveryNSteps, options.keepCheckpoints, options.randomState) = (4, 100, 7)
    (options.enableProgressBar, options.enableModelSummary, options.augment) = (false, false, "none")
    options.out = run
    let model = BarlowTwins(options, encoder: Self.encoder, communicator)
    try model.fit(
      DataSpec.open("synthetic:2x9x8,n=100"), validation: DataSpec.open("synthetic:2x9x8,n=40,seed=1"))
  }
}
