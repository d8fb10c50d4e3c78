import Datasets
import Foundation
import Loading
import Tensors
import TestSupport
import Testing
import Views

@Suite(.commandLine) struct BatchLoaderTests {
  static let recipe = "crop=0.4:1,flip,brightness=0.4,noise=0.05"

  static func loader(
    _ dataset: any Dataset, batch: Int = 12, shards: Int = 4, local: Range<Int>, steps: Range<Int>, workers: Int = 1,
    recipe: String = recipe, depth: Int = 4, shuffle: Bool = true
  ) throws -> BatchLoader {
    let plan = try BatchPlan(count: dataset.count, batchSize: batch, shards: shards, seed: 6, shuffle: shuffle)
    let augmentation = try Augmentation.parse(
      recipe, shape: dataset.sampleShape, viewsPerSample: dataset.viewsPerSample)
    return try BatchLoader(
      dataset: dataset, plan: plan, augmentation: augmentation, localShards: local, steps: steps, workers: workers,
      depth: depth)
  }

  /// The shards of the next step, one after the other.
  static func next(_ loader: BatchLoader) throws -> (step: Int, shards: [[Float]]) {
    let buffers = loader.localShards.map { _ in AlignedBuffer<Float>(loader.shardSize) }
    let batch = try loader.next(into: buffers)
    #expect(batch.waitMilliseconds >= 0)
    return (batch.step, buffers.map { Array($0.elements) })
  }

  /// What step `step` must hold, made without a loader.
  static func direct(_ dataset: any Dataset, _ plan: BatchPlan, step: Int, shard: Int) throws -> [Float] {
    let augmentation = try Augmentation.parse(
      recipe, shape: dataset.sampleShape, viewsPerSample: dataset.viewsPerSample)
    let workspace = try AugmentationWorkspace(shape: dataset.sampleShape)
    var result: [Float] = []
    let samples = plan.sampleNumbers(step: step)[shard * plan.samplesPerShard..<(shard + 1) * plan.samplesPerShard]
    for view in 0..<2 {
      for sample in samples {
        var random = PhiloxStream(
          seed: 6, purpose: .augmentation, epoch: plan.epoch(ofStep: step), sample: sample, view: view)
        let buffer = AlignedBuffer<Float>(dataset.sampleSize)
        try dataset.read(sample, view: min(view, dataset.viewsPerSample - 1), into: buffer.pointer)
        try augmentation.apply(to: buffer.pointer, &random, workspace)
        result += buffer.elements
      }
    }
    return result
  }

  @Test(arguments: [(1, 0..<4), (3, 0..<4), (2, 1..<2), (4, 2..<4)])
  func matchesDirectComputation(_ workers: Int, _ local: Range<Int>) throws {
    let dataset = try DataSpec.open("synthetic:1x6x5,n=50")
    // 4 steps an epoch: from the second epoch into the fourth.
    let loader = try Self.loader(dataset, local: local, steps: 6..<13, workers: workers)
    for step in 6..<13 {
      let (found, shards) = try Self.next(loader)
      #expect(found == step)
      for (shard, values) in zip(local, shards) {
        #expect(try values == Self.direct(dataset, loader.plan, step: step, shard: shard))
      }
    }
    expectFailure(.defect, "no more steps") { _ = try Self.next(loader) }
  }

  /// The same samples in the same order, for any number of shards, in all and here.
  @Test func independentOfShards() throws {
    let dataset = try DataSpec.open("synthetic:1x6x5,n=50")
    func firstViews(_ shards: Int, _ parts: [Range<Int>]) throws -> [Float] {
      let loaders = try parts.map { try Self.loader(dataset, shards: shards, local: $0, steps: 3..<8, workers: 2) }
      return try (3..<8).flatMap { _ in
        try loaders.flatMap { try Self.next($0).shards.flatMap { $0.prefix($0.count / 2) } }
      }
    }
    let whole = try firstViews(1, [0..<1])
    #expect(try firstViews(4, [0..<4]) == whole)
    #expect(try firstViews(4, [0..<1, 1..<4]) == whole)
    #expect(try firstViews(12, [0..<6, 6..<12]) == whole)
  }

  @Test func anEpochHasEverySampleOnce() throws {
    let plan = try BatchPlan(count: 50, batchSize: 12, shards: 4, seed: 6)
    #expect(plan.stepsPerEpoch == 4)
    #expect(plan.samplesLeftOut == 2)
    for epoch in 0..<3 {
      let samples = (epoch * 4..<epoch * 4 + 4).flatMap { plan.sampleNumbers(step: $0) }
      #expect(Set(samples).count == 48)
    }
    #expect(plan.sampleNumbers(step: 0) != plan.sampleNumbers(step: 4))
    let plain = try BatchPlan(count: 50, batchSize: 12, shards: 4, seed: 6, shuffle: false)
    #expect(plain.sampleNumbers(step: 5) == Array(12..<24))
  }

  @Test func givenPairsStayAsTheyAre() throws {
    let folder = try TemporaryFolder()
    let a = try folder.write("a.npy", npy([4, 2], (0..<8).map(Float.init)))
    let b = try folder.write("b.npy", npy([4, 2], (0..<8).map { -Float($0) }))
    let loader = try Self.loader(
      DataSpec.open("pairs:\(a),\(b)"), batch: 4, shards: 2, local: 0..<2, steps: 0..<2, recipe: "auto", shuffle: false)
    #expect(try Self.next(loader).shards == [[0, 1, 2, 3, 0, -1, -2, -3], [4, 5, 6, 7, -4, -5, -6, -7]])
  }

  /// The error comes at the step that needs the sample, is that of its first bad sample, and stays.
  @Test(arguments: [1, 4]) func badSamples(_ workers: Int) throws {
    let folder = try TemporaryFolder()
    var values = [Float](repeating: 1, count: 80)
    values[2 * 35] = .nan
    values[2 * 38] = .infinity
    let dataset = try DataSpec.open("npy:" + folder.write("x.npy", npy([40, 2], values)))
    let loader = try Self.loader(
      dataset, batch: 10, shards: 1, local: 0..<1, steps: 0..<100, workers: workers, recipe: "noise=1", shuffle: false)
    for step in 0..<3 { #expect(try Self.next(loader).step == step) }
    for _ in 0..<2 { expectFailure(.data, "x.npy", "sample 35") { _ = try Self.next(loader) } }
  }

  @Test func valuesOutOfRangeNameTheSample() throws {
    let folder = try TemporaryFolder()
    let dataset = try DataSpec.open("npy:" + folder.write("x.npy", npy([2, 1, 2], [0, 1, 0, 7])))
    let loader = try Self.loader(
      dataset, batch: 2, shards: 1, local: 0..<1, steps: 0..<1, recipe: "contrast=0.1", shuffle: false)
    expectFailure(.usage, "x.npy, sample 1", "7.0") { _ = try Self.next(loader) }
  }

  @Test func truncatedWhileTraining() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.npy", npy([40, 2], [Float](repeating: 1, count: 80)))
    let dataset = try DataSpec.open("npy:\(path)")
    let descriptor = open(path, O_WRONLY)
    #expect(ftruncate(descriptor, 300) == 0)
    close(descriptor)
    let loader = try Self.loader(
      dataset, batch: 40, shards: 1, local: 0..<1, steps: 0..<1, recipe: "noise=1", shuffle: false)
    expectFailure(.data, path, "ends too early") { _ = try Self.next(loader) }
  }

  @Test func stopsAtOnce() throws {
    let dataset = try DataSpec.open("synthetic:1x6x5,n=50")
    for workers in [1, 5] {
      // Idle with a full ring, at work, and after a step; by stop and by deinit.
      for pause in [0, 0.02] {
        let loader = try Self.loader(dataset, local: 0..<4, steps: 0..<Int.max, workers: workers)
        Thread.sleep(forTimeInterval: pause)
        _ = try Self.next(loader)
        loader.stop()
        loader.stop()
        expectFailure(.defect, "stopped") { _ = try Self.next(loader) }
      }
      for _ in 0..<20 { _ = try Self.loader(dataset, local: 0..<4, steps: 0..<Int.max, workers: workers, depth: 1) }
    }
  }

  @Test func impossibleArguments() throws {
    let dataset = try DataSpec.open("synthetic:1x6x5,n=50")
    expectFailure(.usage, "larger than the data set", "at most 50", "51") {
      _ = try BatchPlan(count: 50, batchSize: 51, shards: 1, seed: 0)
    }
    expectFailure(.usage, "equal shards", "--batch-size 8") {
      _ = try BatchPlan(count: 50, batchSize: 10, shards: 4, seed: 0)
    }
    expectFailure(.usage, "equal shards") { _ = try BatchPlan(count: 50, batchSize: 10, shards: 0, seed: 0) }
    expectFailure(.usage, "batch is empty") { _ = try BatchPlan(count: 50, batchSize: 0, shards: 1, seed: 0) }
    expectFailure(.usage, "--workers", "0") { _ = try Self.loader(dataset, local: 0..<1, steps: 0..<1, workers: 0) }
    expectFailure(.defect, "belong together") { _ = try Self.loader(dataset, local: 3..<5, steps: 0..<1) }
    expectFailure(.usage, "memory") {
      let large = try DataSpec.open("synthetic:1x512x512x512,n=5000")
      _ = try Self.loader(large, batch: 5000, shards: 1, local: 0..<1, steps: 0..<1, recipe: "none")
    }
    let loader = try Self.loader(dataset, local: 0..<2, steps: 0..<1)
    expectFailure(.defect, "buffers do not match") { _ = try loader.next(into: [AlignedBuffer(loader.shardSize)]) }
  }
}
