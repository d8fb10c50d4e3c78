import Benchmarking
import CommandLine
import DataParallel
import Files
import Foundation
import MPI

/// Measures the steps of a training, the loss, or the kernels; prints a table and writes JSON.
enum BenchCommand: OptionCommand {
  static var definition: CommandDefinition<BenchConfiguration> { BenchConfiguration.command }

  static func run(_ command: ParsedCommand<BenchConfiguration>, _ communicator: Communicator) throws -> Int32 {
    // That a file cannot be written should be known before the measurement, not after it.
    var file: OutputFile?
    try communicator.onRoot { file = try command.options.json.map(OutputFile.init(path:)) }
    if communicator.rank == 0 {
      for remark in command.options.training.remarks(origins: command.origins) { printWarning(remark) }
    }
    let report = try Benchmark.run(command.options, communicator)
    try communicator.onRoot {
      print(report.lines.joined(separator: "\n"))
      try file?.write(try report.json())
      _ = try file?.finish()
    }
    return 0
  }
}
