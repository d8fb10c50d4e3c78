import Configuration
import Foundation
import TestSupport

/// Configuration files that people write: all options as `--print-config` prints them, and a network described in it.
struct ConfigurationTarget: FuzzTarget {
  private let path: String
  private let originals: [[UInt8]]

  init(folder: String) throws {
    path = folder + "/run.json5"
    guard case .printConfiguration(let all) = try TrainingConfiguration.command.parse(["--print-config"]) else {
      preconditionFailure("that is what was asked for")
    }
    let own = """
      // mine
      {
        data: 'synthetic:3x8x8,n=64', out: "r\\
      uns", encoder: "layers", batch_size: +16, 'lambd': .5e-2, shards: 0x4,
        layers: [{conv: 8, kernel: 3, stride: [1, 2], padding: 1}, "bn", "relu", {maxpool: 2}, {residual: ["relu"]},
          {repeat: 2, layers: [{linear: 16}]}, "flatten"],
        "optimizer-kwargs": {"betas": [0.9, 0.99], /* nested */ "eps": 1e-8,},
      }
      """
    originals = [Array(all.utf8), Array(own.utf8)]
  }

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] {
    mutator.mutate(originals[mutator.choose(below: originals.count)])
  }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.write(input, to: path)
    try Fuzz.remove(path + ".run")
    return ["train", "--config", path] + forced
  }

  /// What keeps a network of any size from being trained for long, and out of the working folder.
  private var forced: [String] {
    [
      "--data", "synthetic:3x8x8,n=64", "--out", path + ".run", "--max-steps", "1", "--init", "none", "--resume",
      "auto",
    ]
  }

  func read() throws {
    _ = try TrainingConfiguration.command.parse(["--config", path, "--print-config"])
    let action = try TrainingConfiguration.command.parse(["--config", path] + forced)
    if case .run(let command) = action { try command.options.validate() }
  }
}
