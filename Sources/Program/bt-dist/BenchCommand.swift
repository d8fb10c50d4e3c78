import Benchmarking
import CommandLine
import Configuration
import DataParallel
import Datasets
import Diagnostics
import Files
import MPI

/// Measures the steps of a training, the loss, or the kernels; prints a table and writes JSON.
enum BenchCommand: OptionCommand {
  static var definition: CommandDefinition<BenchConfiguration> { BenchConfiguration.command }

  static func run(_ command: ParsedCommand<BenchConfiguration>, _ communicator: Communicator) throws -> Int32 {
    // That a file cannot be written should be known before the measurement, not after it.
    var file: OutputFile?
    try communicator.onRoot {
      guard let path = command.options.json else { return }
      try InputFiles(inputs(of: command)).refuse(path, option: "json")
      file = try OutputFile(path: path, option: "json")
    }
    let isPrinted = file?.isStandardOutput ?? false
    if communicator.rank == 0 {
      for remark in command.options.training.remarks(origins: command.origins) { Console.errors.warn(remark) }
    }
    let report = try Benchmark.run(command.options, communicator)
    try communicator.onRoot {
      try file?.write(try report.json())
      _ = try file?.finish()
      if !isPrinted { try Console.output.writeResult(report.lines.joined(separator: "\n") + "\n") }
    }
    return 0
  }

  /// All that may be a file: the configurations, the data, initial parameters, a table of kernels.
  private static func inputs(of command: ParsedCommand<BenchConfiguration>) -> [String] {
    let training = command.options.training
    let named = command.texts.filter { $0.key != "json" }.map(\.value)
    let data = [training.data, training.valData].compactMap { $0 }.flatMap(DataSpec.files)
    return named + data + [command.options.against, training.initialParameters].compactMap { $0 }
  }
}
