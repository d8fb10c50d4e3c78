import Diagnostics
import Foundation
import Layers
import TestSupport
import Testing
import Training

/// How layers come by their methods: given tables, measurements, the cache, the static rule.
@Suite(.commandLine) struct KernelChoiceTests {
  /// 67 million multiply-adds a call: large enough to be measured, a few milliseconds.
  private func network(_ kernels: KernelChooser, inputs: Int = 512) throws -> TestNetwork {
    try TestNetwork(
      [
        Linear("a", inputs: inputs, outputs: 512, bias: true, needsInputGradient: false),
        Linear("b", inputs: 512, outputs: 512, bias: true),
      ], input: TensorShape(samples: 256, channels: inputs), kernels: kernels)
  }

  private func tuner(_ path: String?, machine: String = "m", limit: Double = 60) -> KernelTuner {
    KernelTuner(KernelCache(path: path, machine: machine), limit: limit)
  }

  @Test func measuresOnceAShape() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("new/kernels.json")
    let first = KernelChooser(tuner: tuner(path))
    _ = try network(first)
    first.tuner?.finish()
    // Both layers forward and their weight gradients; one data gradient: the second of equal sizes is remembered.
    let measured = first.tuner!.measured
    #expect(measured + first.tuner!.remembered == 5 && measured >= 3)
    #expect(first.tuner!.seconds > 0 && first.tuner!.remarks.isEmpty)
    #expect(first.table.choices["a.weight"]?.keys.sorted() == ["forward", "weightGradient"])
    #expect(first.table.choices["b.weight"]?.keys.sorted() == ["dataGradient", "forward", "weightGradient"])

    let second = KernelChooser(tuner: tuner(path))
    _ = try network(second)
    #expect(second.tuner!.measured == 0 && second.tuner!.remembered == 5 && second.table == first.table)
    let other = KernelChooser(tuner: tuner(path, machine: "another"))
    _ = try network(other)
    #expect(other.tuner!.measured == measured)
    other.tuner?.finish()
    // Both machines are in the file.
    let third = KernelChooser(tuner: tuner(path))
    _ = try network(third)
    #expect(third.tuner!.measured == 0 && third.table == first.table)
  }

  @Test func aCacheThatIsDamagedIsReplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("kernels.json")
    for text in ["{\"format\": 1, \"mach", "", "[]", "{\"format\": 2, \"machines\": {}}"] {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let kernels = KernelChooser(tuner: tuner(path))
      #expect(kernels.tuner!.remarks.count == 1 && kernels.tuner!.remarks[0].contains("measured anew"))
      _ = try network(kernels)
      kernels.tuner?.finish()
      #expect(kernels.tuner!.measured > 0 && kernels.tuner!.remarks.count == 1)
      #expect(tuner(path).remarks.isEmpty)
    }
  }

  @Test func aCacheThatCannotBeWrittenIsARemark() throws {
    let folder = try TemporaryFolder()
    try "a file".write(toFile: folder.file("file"), atomically: true, encoding: .utf8)
    let kernels = KernelChooser(tuner: tuner(folder.file("file/kernels.json")))
    _ = try network(kernels)
    kernels.tuner?.finish()
    #expect(kernels.tuner!.remarks.count == 1 && kernels.tuner!.remarks[0].contains("cannot be kept"))
    #expect(kernels.tuner!.remarks[0].contains("(errno ") && !kernels.tuner!.remarks[0].contains("NSCocoa"))
  }

  @Test func whereTheCacheIs() {
    #expect(KernelCache.defaultPath(["HOME": "/h"]) == "/h/.cache/bt-dist/kernels.json")
    #expect(KernelCache.defaultPath(["HOME": "/h", "XDG_CACHE_HOME": "/x"]) == "/x/bt-dist/kernels.json")
    #expect(KernelCache.defaultPath(["HOME": "/h", "BT_DIST_CACHE": "c"]) == "c/kernels.json")
    #expect(KernelCache.defaultPath(["HOME": "/h", "BT_DIST_CACHE": ""]) == nil)
    #expect(KernelCache.defaultPath([:]) == nil)
  }

  @Test func withoutTimeTheStaticRuleChooses() throws {
    let kernels = KernelChooser(tuner: tuner(nil, limit: 0))
    _ = try network(kernels)
    let rule = KernelChooser()
    _ = try network(rule)
    #expect(kernels.tuner!.leftOut == 5 && kernels.tuner!.measured == 0 && kernels.table == rule.table)
    #expect(rule.table["b.weight", .dataGradient] == "innerProduct")
  }

  @Test func smallLayersAreNotMeasured() throws {
    let kernels = KernelChooser(tuner: tuner(nil))
    _ = try TestNetwork(
      [Linear("a", inputs: 64, outputs: 64, bias: true)], input: TensorShape(samples: 16, channels: 64),
      kernels: kernels)
    #expect(kernels.tuner!.measured == 0 && kernels.table["a.weight", .forward] == "innerProduct")
  }

  @Test func convolutionsAreMeasured() throws {
    let kernels = KernelChooser(tuner: tuner(nil))
    _ = try TestNetwork(
      [Convolution("c", inputChannels: 64, outputChannels: 64, kernel: [3, 3], padding: 1)],
      input: TensorShape(samples: 16, channels: 64, spatial: [16, 16]), convolution: .auto, kernels: kernels)
    // Without AVX-512 there is nothing to choose from.
    let hasChoice = channelBlocks == .blocked(width: 16)
    #expect(kernels.tuner!.measured == (hasChoice ? 3 : 0))
    #expect(kernels.table.choices["c.weight"]?.count == 3)
  }

  /// A busy moment must not replace the static rule's method by one that is not clearly faster.
  @Test func noiseDoesNotReplaceTheStaticRule() {
    let methods = ["a", "b", "c"]
    #expect(KernelTuner.choice(methods, ["a": 10, "b": 9.1, "c": 9.5]) == "a")
    #expect(KernelTuner.choice(methods, ["a": 10, "b": 8.9, "c": 8.8]) == "c")
    #expect(KernelTuner.choice(methods, ["a": 10, "b": .infinity, "c": 10]) == "a")
  }

  // MARK: Given tables

  @Test func aGivenTableIsFollowed() throws {
    let given = try KernelTable([
      "a.weight": ["forward": "matrixProduct"], "b.weight": ["dataGradient": "plainInnerProduct"],
    ])
    let kernels = KernelChooser(given, isStrict: true)
    _ = try network(kernels)
    try kernels.requireAllUsed()
    #expect(kernels.table["a.weight", .forward] == "matrixProduct")
    #expect(kernels.table["b.weight", .dataGradient] == "plainInnerProduct")
    #expect(kernels.table["b.weight", .forward] == "innerProduct")
    #expect(
      kernels.table.summary.hasPrefix("forward 1 innerProduct, 1 matrixProduct; data gradient 1 plainInnerProduct"))
    #expect(try KernelTable(json: kernels.table.json) == kernels.table)
  }

  @Test func whatCannotBeFollowedIsOneFailure() throws {
    func failure(_ choices: [String: [String: String]], _ words: String...) {
      let failure = #expect(throws: Failure.self) {
        let kernels = KernelChooser(try KernelTable(choices), isStrict: true)
        _ = try network(kernels)
        try kernels.requireAllUsed()
      }
      for word in words + ["--kernel-table"] { #expect(failure?.description.contains(word) == true, "\(word)") }
      #expect(failure?.kind == .usage)
    }
    failure(["a.weigth": ["forward": "innerProduct"]], "no such layer", "a.weigth", "a.weight")
    failure(
      ["a.weight": ["forwards": "innerProduct"]], "not a direction", "a.weight", "forwards", "forward, dataGradient")
    failure(["a.weight": ["forward": "inner"]], "not a method", "innerProduct", "inner")
    failure(["a.weight": ["forward": "winograd"]], "no such method", "a.weight", "matrixProduct", "winograd")
    failure(["a.weight": ["dataGradient": "innerProduct"]], "does not compute that direction", "a.weight", "forward")
  }

  /// A recorded table on another processor: the static rule, with a remark.
  @Test func aRecordedTableIsFollowedWherePossible() throws {
    let kernels = KernelChooser(
      try KernelTable([
        "a.weight": ["forward": "winograd", "weightGradient": "matrixProduct"], "x": ["forward": "direct"],
      ]))
    let test = try network(kernels)
    try kernels.requireAllUsed()
    #expect(kernels.table["a.weight", .forward] == "innerProduct")
    #expect(kernels.table["a.weight", .weightGradient] == "matrixProduct")
    let remarks = test.network.workspace.remarks
    #expect(remarks.count == 1 && remarks[0].contains("a.weight") && remarks[0].contains("bits may differ"))
  }
}
