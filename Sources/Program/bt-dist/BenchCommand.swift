import Benchmarking
import CommandLine
import DataParallel
import Diagnostics
import Files
import MPI

/// Measures the steps of a training, the loss, or the kernels; prints a table and writes JSON.
enum BenchCommand: OptionCommand {
  static var definition: CommandDefinition<BenchConfiguration> { BenchConfiguration.command }

  static func run(_ command: ParsedCommand<BenchConfiguration>, _ communicator: Communicator) throws -> Int32 {
    // That a file cannot be written should be known before the measurement, not after it.
    var file: OutputFile?
    try communicator.onRoot { file = try command.options.json.map(OutputFile.init(path:)) }
    if communicator.rank == 0 {
      for remark in command.options.training.remarks(origins: command.origins) { Console.errors.warn(remark) }
    }
    let report = try Benchmark.run(command.options, communicator)
    try communicator.onRoot {
      try file?.write(try report.json())
      _ = try file?.finish()
      try Console.output.writeResult(report.lines.joined(separator: "\n") + "\n")
    }
    return 0
  }
}
