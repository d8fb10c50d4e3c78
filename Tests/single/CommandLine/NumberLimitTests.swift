import Configuration
import Diagnostics
import Encoders
import TestSupport
import Testing

/// Integers near the largest are refused where options are read, with the limit.
@Suite(.commandLine) struct NumberLimitTests {
  @Test(arguments: [
    ("--keep-checkpoints", "at most 1000000"), ("--batch-size", "at most 16777216"), ("--width", "at most 1000000"),
    ("--shards", "at most 1048576"), ("--max-steps", "at most 1000000000000000"),
    ("--max-epochs", "at most 1000000000000000"), ("--num-sanity-val-steps", "at most 1000000000000000"),
    ("--early-stopping-patience", "at most 1000000000000000"), ("--proj-hidden-dim", "at most 1000000"),
    ("--mlp-hidden", "at most 1000000"), ("--n-embedding", "at most 1000000"),
    ("--log-every-n-steps", "at most 1000000000000000"),
  ])
  func optionsSayTheirLimit(_ option: String, _ limit: String) {
    for value in ["9223372036854775807", "9223372036854775806"] {
      expectFailure(.usage, option, limit, value) {
        _ = try TrainingConfiguration.command.parse(["--out", "a", "--data", "synthetic:8", option, value])
      }
    }
  }

  @Test func keywordsOfEncodersHaveOneToo() {
    expectFailure(.usage, "width_per_group", "at most 1000000") {
      _ = try TrainingConfiguration.command.parse([
        "--out", "a", "--encoder", "resnet50", "--encoder-kwargs", "{width_per_group: 9223372036854775807}",
      ])
    }
  }

  @Test func theSeedMayBeAnyNumber() throws {
    _ = try TrainingConfiguration.command.parse(["--out", "a", "--random-state", "18446744073709551615"])
  }

  @Test func doublingChannelsEndWithTheLayer() throws {
    let doubling = LayerSpecification.repeated(63, [.concatenate([.relu])])
    expectFailure(.usage, "layers[1].layers[0]", "beyond every memory") {
      _ = try Encoder.described([.flatten, doubling, .linear(outputs: 2)], sampleShape: [3, 8, 8])
    }
  }
}
