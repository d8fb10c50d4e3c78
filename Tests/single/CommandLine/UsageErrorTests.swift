import Diagnostics
import TestSupport
import Testing

/// A call that must fail, and what its error must say.
struct WrongCall: Sendable, CustomTestStringConvertible {
  var arguments: [String]
  var file = "{}"
  var says: [String]

  init(_ arguments: String..., file: String = "{}", says: [String]) {
    self.arguments = arguments
    self.file = file
    self.says = says
  }

  /// A configuration file that must fail.
  init(file: String, says: [String]) {
    self.init("--out", "a", "--config", "run.json5", file: file, says: says)
  }

  var testDescription: String { (arguments + (file == "{}" ? [] : [file])).joined(separator: " ") }
}

@Suite(.commandLine) struct UsageErrorTests {
  @Test(arguments: [
    WrongCall("--batch-sise", "3", says: ["--batch-sise", "did you mean --batch-size?", "bt-dist train --help"]),
    WrongCall("--lr", "3", says: ["did you mean --learning-rate?"]),
    WrongCall("--epochs=3", says: ["unknown option --epochs", "did you mean --max-epochs?"]),
    WrongCall("--proj", says: ["--proj-input-dim, --proj-hidden-dim or --proj-output-dim?"]),
    WrongCall("--no-shuffle", says: ["write --shuffle false"]),
    WrongCall("--confg", "x", says: ["did you mean --config?"]),
    WrongCall("--xyzzyxyzzy", says: ["remedy:   `bt-dist train --help`"]),
    WrongCall("-width", "3", says: ["write --width"]),
    WrongCall(
      "--width", says: ["--width: a value is missing", "an integer of at least 1", "the end of the command line"]),
    WrongCall("--width", "--out", "a", says: ["a value is missing", "the option --out", "write --width N"]),
    WrongCall("--width", "many", says: ["--width", "expected: an integer of at least 1", "found:    'many'"]),
    WrongCall("--width", "0", says: ["--width", "an integer of at least 1", "'0'"]),
    WrongCall("--batch-size", "1", says: ["--batch-size", "at least 2"]),
    WrongCall("--proj-output-dim", "0", says: ["--proj-output-dim", "at least 1"]),
    WrongCall("--mlp-hidden", "8,,4", says: ["--mlp-hidden", "one or more integers", "'8,,4'"]),
    WrongCall("--mlp-hidden", "8,0", says: ["--mlp-hidden"]),
    WrongCall("--mlp-hidden=", says: ["--mlp-hidden", "''"]),
    WrongCall("--lambd", "-0.1", says: ["--lambd", "a finite number of at least 0"]),
    WrongCall("--learning-rate", "nan", says: ["--learning-rate", "finite"]),
    WrongCall("--learning-rate", "inf", says: ["--learning-rate", "finite"]),
    WrongCall("--learning-rate", ".", says: ["--learning-rate", "finite"]),
    WrongCall("--max-epochs", "-2", says: ["--max-epochs", "or none, or -1 for no limit"]),
    WrongCall("--max-steps", "-2", says: ["--max-steps", "of at least 0", "or none, or -1 for no limit"]),
    WrongCall(
      "--limit-train-batches", "-1", says: ["--limit-train-batches", "a count of at least 0", "or a fraction"]),
    WrongCall("--val-check-interval", "0", says: ["--val-check-interval", "a count of at least 1", "or a fraction"]),
    WrongCall("--early-stopping-patience", "-1", says: ["an integer of at least 0"]),
    WrongCall("--limit-val-batches", "1.5", says: ["a fraction up to 1.0", "'1.5'"]),
    WrongCall("--val-check-interval", "0.0", says: ["--val-check-interval", "'0.0'"]),
    WrongCall("--num-sanity-val-steps", "-2", says: ["at least -1"]),
    WrongCall("--early-stopping", "val", says: ["one of loss, loss_invariance", "val_loss", "or none"]),
    WrongCall("--monitor", "valloss", says: ["--monitor", "did you mean val_loss?"]),
    WrongCall("--patience", "3", says: ["did you mean --early-stopping-patience?"]),
    WrongCall("--random-state", "-1", says: ["--random-state", "at least 0"]),
    WrongCall("--optimizer", "adamw", says: ["one of adamW, adam, sgd, lars", "'adamw'", "did you mean adamW?"]),
    WrongCall("--shards", "0", says: ["--shards", "at least 1", "or auto"]),
    WrongCall("--shuffle=maybe", says: ["--shuffle", "true or false", "'maybe'"]),
    WrongCall("--shuffle", "no", says: ["unexpected argument 'no'", "--shuffle takes true or false"]),
    WrongCall("run", says: ["unexpected argument 'run'"]),
    WrongCall("width", "3", says: ["unexpected argument 'width'", "write --width"]),
    WrongCall("--data", "", says: ["--data", "not empty"]),
    WrongCall("--print-config=yes", says: ["--print-config: there is no option 'yes'"]),
    WrongCall("--optimizer-kwargs", "{momentum:", says: ["--optimizer-kwargs", "a JSON object", "single quotes"]),
    WrongCall("--optimizer-kwargs", "{\"eps\": {\"x\": 1}}", says: ["--optimizer-kwargs", "a JSON object"]),
    WrongCall("--encoder", "resnet101", says: ["one of mlp, resnet18", "did you mean resnet"]),
  ])
  func commandLine(call: WrongCall) { expectFailure(call) }

  @Test(arguments: [
    WrongCall(
      file: "{\n lerning_rate: 1}",
      says: ["run.json5, line 2: unknown key 'lerning_rate'", "did you mean learning-rate?"]),
    WrongCall(file: "{seed: 1}", says: ["did you mean random-state?"]),
    WrongCall(file: "{\n\n width: 'x'}", says: ["run.json5, line 3, key 'width'", "\"x\" (a string)", "at least 1"]),
    WrongCall(file: "{width: \"8\"}", says: ["key 'width'", "(a string)"]),
    WrongCall(file: "{width: 8.5}", says: ["key 'width'", "found:    8.5"]),
    WrongCall(file: "{width: null}", says: ["key 'width'", "null"]),
    WrongCall(file: "{lambd: NaN}", says: ["key 'lambd'", "nan"]),
    WrongCall(file: "{shuffle: 1}", says: ["key 'shuffle'", "true or false"]),
    WrongCall(file: "{mlp_hidden: 8}", says: ["key 'mlp-hidden'", "[1024, 512] in a file"]),
    WrongCall(file: "{'optimizer': 'adamw'}", says: ["did you mean adamW?"]),
    WrongCall(file: "{limit_train_batches: 1.0}", says: ["key 'limit-train-batches'", "\"1\" is one batch"]),
    WrongCall(
      file: "{max_steps: 3,\n'max-steps': 4}",
      says: ["run.json5, line 2, key 'max-steps'", "is given twice", "in line 1"]),
    WrongCall(file: "{random_state: 18446744073709551616}", says: ["key 'random-state'", "18446744073709551616"]),
    WrongCall(file: "{\nbatch-size: 3}", says: ["run.json5, line 2, column 6: not valid JSON5", "in quotes"]),
    WrongCall(file: "[]", says: ["run.json5: not an object", "found:    a list"]),
    WrongCall(file: "", says: ["run.json5, line 1, column 1: not valid JSON5", "object"]),
    WrongCall(file: "{\n'batch-size': 10, shards: 4}", says: ["run.json5, line 2, key 'batch-size'"]),
  ])
  func configurationFile(call: WrongCall) { expectFailure(call) }

  @Test(arguments: [
    WrongCall(says: ["--out: the run folder is missing", "add --out FOLDER"]),
    WrongCall(
      "--out", "a", "--batch-size", "10", "--shards", "4",
      says: ["10 samples, 4 shards", "--batch-size 8 or --batch-size 12"]),
    WrongCall(
      "--out", "a", "--learning-rate", "0", "--learning-rate-biases", "0.1",
      says: ["--learning-rate-biases: biases and norms cannot have a rate", "--learning-rate above 0"]),
    WrongCall("--out", "a", "--gradient-clip-val", "-1", says: ["--gradient-clip-val", "at least 0, or none"]),
    WrongCall("--out", "a", "--scale-learning-rate", "root", says: ["one of none, linear, sqrt"]),
    WrongCall(
      "--out", "a", "--max-epochs", "-1", says: ["warmup_cosine", "found:    --max-epochs -1", "--lr-scheduler none"]),
    WrongCall(
      "--out", "a", "--check-val-every-n-epoch", "none",
      says: ["--val-check-interval", "over all epochs", "a count of batches", "--check-val-every-n-epoch 1"]),
    WrongCall(
      "--out", "a", "--early-stopping", "val_loss",
      says: ["--early-stopping: val_loss is not measured", "--val-data SPEC", "--early-stopping loss"]),
    WrongCall("--out", "a", "--save-top-k", "2", says: ["--monitor: val_loss is not measured", "--monitor loss"]),
    WrongCall(
      "--out", "a", "--optimizer-kwargs", "{bettas: [0.9, 0.99]}",
      says: ["--optimizer-kwargs: adamW has no parameter 'bettas'", "betas, eps, amsgrad", "did you mean betas?"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{momentum: 0.9}", says: ["a parameter of --optimizer sgd"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{lr: 0.9}", says: ["--learning-rate"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{betas: [0.9]}", says: ["a list of two numbers", "[0.9]"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{betas: [0.9, 1]}", says: ["a list of two numbers"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{eps: -1}", says: ["adamW's eps", "at least 0"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{eps: 'x'}", says: ["adamW's eps", "at least 0", "\"x\""]),
    WrongCall(
      "--out", "a", "--encoder-kwargs", "{zero_init_residuals: true}",
      says: ["--encoder-kwargs: resnet18 has no parameter", "did you mean zero_init_residual?"]),
    WrongCall("--out", "a", "--encoder-kwargs", "{dropout: 0.1}", says: ["a parameter of --encoder mlp"]),
    WrongCall(
      "--out", "a", "--encoder-kwargs", "{groups: 0}", says: ["resnet18's groups", "an integer of at least 1"]),
    WrongCall("--out", "a", "--encoder-kwargs", "{groups: 1.5}", says: ["an integer of at least 1", "1.5"]),
    WrongCall(
      "--out", "a", "--encoder-kwargs", "{replace_stride_with_dilation: [true, false]}",
      says: ["a list of 3 booleans"]),
    WrongCall("--out", "a", "--encoder", "resnet3d-18-trunc", says: ["needs a depth", "from 0 to 4"]),
    WrongCall(
      "--out", "a", "--encoder", "resnet3d-18-trunc", "--encoder-kwargs", "{depth: 5}", says: ["an integer from 0 to 4"]
    ),
    WrongCall(
      "--out", "a", "--encoder", "mlp", "--encoder-kwargs", "{norm_layer: 'layer_norm'}", says: ["\"batch_norm\""]),
    WrongCall(
      "--out", "a", "--encoder", "mlp", "--encoder-kwargs", "{dropout: 1.5}", says: ["mlp's dropout", "from 0 to 1"]),
    WrongCall(
      "--out", "a", "--encoder", "densenet3d-121", "--encoder-kwargs", "{memory_efficient: true}",
      says: ["no memory-efficient form"]),
    WrongCall(
      "--out", "a", "--encoder", "densenet3d-121", "--encoder-kwargs", "{block_config: [6, 12]}",
      says: ["a list of 4 integers"]),
    WrongCall("--out", "a", "--encoder-kwargs", "{n_embedding: 10}", says: ["give it with --n-embedding"]),
    WrongCall("--out", "a", "--optimizer-kwargs", "{amsgrad: 1}", says: ["adamW's amsgrad", "true or false"]),
    WrongCall(
      "--out", "a", "--optimizer", "adam", "--optimizer-kwargs", "{eta: 0.1}", says: ["a parameter of --optimizer lars"]
    ),
    WrongCall(
      "--out", "a", "--optimizer", "lars", "--optimizer-kwargs", "{trust: 0.1}",
      says: ["lars has no parameter 'trust'", "momentum, eta, exclude_bias_and_norm_adaptation"]),
    WrongCall(
      "--out", "a", "--optimizer", "lars", "--optimizer-kwargs", "{eta: -0.1}", says: ["lars's eta", "at least 0"]),
    WrongCall(
      "--out", "a", "--optimizer", "sgd", "--optimizer-kwargs", "{nesterov: true}",
      says: ["nesterov needs a momentum", "\"momentum\": 0.9"]),
  ])
  func acrossOptions(call: WrongCall) { expectFailure(call) }

  private func expectFailure(_ call: WrongCall) {
    let failure = #expect(throws: Failure.self) { try act(call.arguments, file: call.file) }
    #expect(failure?.kind == .usage)
    for text in call.says { #expect(failure?.description.contains(text) == true, "\(failure?.description ?? "")") }
  }
}
