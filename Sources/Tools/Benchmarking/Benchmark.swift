import DataParallel
import Host
import MPI
import Training

/// `bt-dist bench`: measures on all ranks together.
package enum Benchmark {
  /// A collective; the numbers are those of rank 0 where they do not say otherwise.
  ///
  /// - Throws: `AgreedFailure` if the configuration cannot be trained.
  package static func run(_ options: BenchConfiguration, _ communicator: Communicator) throws -> BenchmarkReport {
    try communicator.together { try RankThreads.configure(requested: options.training.threads) }
    communicator.stallWatch?.limit = options.training.stallTimeout
    if options.loss == nil && !options.kernels { return try measureTraining(options, communicator) }
    var report = try BenchmarkReport(communicator)
    if let size = options.loss {
      report.loss = try LossMeasurement(
        batchSize: size[0], features: size[1], repeats: options.steps, warmup: options.warmupSteps, options.training,
        communicator)
    } else {
      report.memory = try MemoryMeasurement(
        tensorBytes: options.kernelMebibytes.map { $0 << 20 }, repeats: options.steps, warmup: options.warmupSteps,
        communicator)
    }
    report.peakMemoryBytes = ProcessMemory.peak
    return report
  }

  private static func measureTraining(
    _ options: BenchConfiguration, _ communicator: Communicator
  ) throws -> BenchmarkReport {
    let opponent = try communicator.together { try options.opponent() }
    let runs = try ([options.training] + (opponent.map { [$0] } ?? [])).map { try MeasuredRun($0, communicator) }
    defer { for run in runs { run.stop() } }
    for step in 0..<options.warmupSteps + options.steps {
      for run in runs { try run.measureStep(counts: step >= options.warmupSteps) }
    }
    if options.layerTimes {
      for _ in 0..<options.steps { for run in runs { try run.measureLayers() } }
    }
    let peaks = try communicator.allGather("\(ProcessMemory.peak ?? 0)").compactMap { Int($0) }
    let peak = runs.count == 1 && !peaks.contains(0) ? peaks.max() : nil
    try runs[0].configureThreads()
    var report = try BenchmarkReport(communicator)
    report.configurations = try zip(["A", "B"], runs).map { name, run in
      try run.configureThreads()
      return RunMeasurement(run, name: name, gemm: try MatrixPeak.measure(communicator), peak: peak)
    }
    report.comparison = comparison(report.configurations ?? [])
    for run in runs { report.remarks += run.run.network.remarks.filter { !report.remarks.contains($0) } }
    return report
  }

  private static func comparison(_ runs: [RunMeasurement]) -> BenchmarkReport.Comparison? {
    guard runs.count == 2 else { return nil }
    let ratios = zip(runs[0].steps, runs[1].steps).map { a, b in
      a.step / b.step * Double(runs[1].batchSize) / Double(runs[0].batchSize)
    }
    let memory = runs.compactMap(\.predictedMemoryBytes)
    return BenchmarkReport.Comparison(
      ratios: ratios, speedup: Spread(ratios), memory: memory.count == 2 ? Double(memory[0]) / Double(memory[1]) : nil)
  }
}
