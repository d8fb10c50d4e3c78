import Foundation
import TestSupport
import Testing

/// `bt-dist bench`: what it measures is whole and consistent. Speed is not tested.
@Suite struct BenchTests {
  private static let tiny = [
    "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size",
    "16", "--warmup-steps", "1",
  ]

  private func bench(_ options: [String], ranks: Int?) throws -> (output: String, json: [String: Any]) {
    let folder = try TemporaryFolder()
    let result = try Launch.run("bt-dist", ["bench", "--json", folder.file("b.json")] + options, ranks: ranks)
    try #require(result.code == 0, "\(result.text)")
    let object = try JSONSerialization.jsonObject(with: Data(folder.text("b.json").utf8))
    return (result.output, try #require(object as? [String: Any], "\(result.text)"))
  }

  private func number(_ object: [String: Any], _ key: String) throws -> Double {
    try #require(object[key] as? Double, "no number \(key) in \(object)")
  }

  @Test(arguments: [nil, 1, 2] as [Int?])
  func stepsHaveTheirPhases(ranks: Int?) throws {
    let (output, json) = try bench(Self.tiny + ["--steps", "3", "--layer-times"], ranks: ranks)
    #expect(try number(json, "ranks") == Double(ranks ?? 1) && number(json, "threads") == 1)
    #expect((json["hosts"] as? [String])?.count == 1 && (json["date"] as? String)?.isEmpty == false)
    let runs = try #require(json["configurations"] as? [[String: Any]])
    try #require(runs.count == 1)
    let run = runs[0]
    let steps = try #require(run["steps"] as? [[String: Double]])
    let names = ["data_ms", "forward_ms", "loss_ms", "backward_ms", "comm_wait_ms", "optimizer_ms", "other_ms"]
    #expect(steps.count == 3)
    for step in steps {
      #expect(Set(step.keys) == Set(names + ["step_ms"]))
      let (whole, parts) = (try #require(step["step_ms"]), names.reduce(0) { $0 + (step[$1] ?? 0) })
      #expect(names.allSatisfy { (step[$0] ?? -1) >= 0 } && step["forward_ms"]! > 0 && step["backward_ms"]! > 0)
      #expect(parts <= whole * 1.0001 + 0.001 && parts >= whole * 0.9999 - 0.001, "\(step)")
      #expect((step["comm_wait_ms"]! > 0) == (ranks == 2), "\(step)")
    }
    let times = steps.compactMap { $0["step_ms"] }.sorted()
    let spread = try #require(run["step_ms"] as? [String: Double])
    #expect(spread == ["minimum": times[0], "median": times[1], "maximum": times[2]])
    let rate = try number(run, "samples_per_second")
    #expect(abs(rate * times[1] / 16e3 - 1) < 1e-9)

    // 784-16-8 and 8-16-16-24; the input's gradient is not needed. Two views, and the dual form of the loss.
    let (first, rest): (Int, Int) = (784 * 16, 16 * 8 + 8 * 16 + 16 * 16 + 16 * 24)
    let biasesAndNorms: Int = 16 + 8 + 4 * 16 + 24
    #expect(run["parameters"] as? Int == first + rest + biasesAndNorms)
    let lossFlops: Int = 8 * 16 * 16 * 24
    let flops: Int = 64 * (2 * first + 3 * rest) + lossFlops
    #expect(try number(run, "flops_per_step") == Double(flops))
    let gemm = try number(run, "gemm_flops_per_second")
    #expect(gemm > 1e8)
    #expect(abs(try number(run, "share_of_gemm") * gemm / (Double(flops) / times[1] * 1e3) - 1) < 1e-9)
    #expect(try number(run, "predicted_memory_bytes") > 1e6 && number(run, "peak_memory_bytes") > 1e6)
    #expect(run["loss_form"] as? String == "dual")
    #expect(try number(run, "loss_value").isFinite)
    let options = run["options"] as? [String: String]
    #expect(options?["--batch-size"] == "16" && options?["--proj-output-dim"] == "24" && options?["--width"] == nil)

    let layers = try #require(run["layers"] as? [[String: Any]])
    #expect(layers.count == 8 && layers.map { $0["name"] as? String }.contains("projection_head.layers.3"))
    for layer in layers { #expect(try number(layer, "forward_ms") > 0 && number(layer, "backward_ms") > 0) }
    for word in ["samples/s", "backward", "projection_head.layers.6", "of sgemm's", "peak"] {
      #expect(output.contains(word), "\(output)")
    }
    #expect(output.components(separatedBy: "samples/s").count == 2, "once: \(output)")
    let lines = output.components(separatedBy: "\n").dropFirst()
    #expect(lines.allSatisfy { $0.count <= 110 }, "\(output)")
  }

  /// Kernels are those of the processor, also where OpenBLAS does not know it.
  @Test func blasKernelsFitTheProcessor() throws {
    let kernels = try #require(try bench(Self.tiny + ["--steps", "1"], ranks: nil).json["kernels"] as? [String: Any])
    let (blas, oneDNN) = (try #require(kernels["blas"] as? String), try #require(kernels["one_dnn"] as? String))
    if oneDNN.contains("avx2") || oneDNN.contains("avx512") {
      for old in ["Prescott", "Nehalem", "Sandybridge"] { #expect(!blas.contains(old), "\(blas)") }
    }
  }

  @Test(arguments: [nil, 2] as [Int?])
  func twoConfigurationsTakeTurns(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("b.json5", "{loss_form: 'primal', batch_size: 32}")
    let (output, json) = try bench(Self.tiny + ["--steps", "4", "--against", file], ranks: ranks)
    let runs = try #require(json["configurations"] as? [[String: Any]])
    try #require(runs.count == 2)
    #expect(runs.map { $0["name"] as? String } == ["A", "B"])
    #expect(runs.map { $0["loss_form"] as? String } == ["dual", "primal"])
    #expect(runs.map { $0["batch_size"] as? Int } == [16, 32])
    let comparison = try #require(json["comparison"] as? [String: Any])
    let ratios = try #require(comparison["ratios"] as? [Double])
    let times = runs.map { ($0["steps"] as? [[String: Double]])?.compactMap { $0["step_ms"] } ?? [] }
    try #require(ratios.count == 4 && times.allSatisfy { $0.count == 4 })
    for i in 0..<4 { #expect(abs(ratios[i] / (2 * times[0][i] / times[1][i]) - 1) < 1e-9) }
    let speedup = try #require(comparison["speedup"] as? [String: Double])
    #expect(speedup["minimum"] == ratios.min() && speedup["maximum"] == ratios.max())
    #expect(output.contains("B over A"), "\(output)")
    // The same data and parameters: B's memory is counted alone.
    for run in runs {
      #expect(run["peak_memory_bytes"] == nil)
      #expect(try number(run, "predicted_memory_bytes") > 1e6)
    }
  }

  @Test(arguments: [nil, 2] as [Int?])
  func theLossAlone(ranks: Int?) throws {
    let (output, json) = try bench(["--loss", "8,64", "--steps", "2"], ranks: ranks)
    let loss = try #require(json["loss"] as? [String: Any])
    #expect(try number(loss, "batch_size") == 8 && number(loss, "features") == 64)
    let forms = try #require(loss["forms"] as? [[String: Any]])
    #expect(forms.map { $0["form"] as? String } == ["dual", "primal"])
    #expect(forms.map { $0["is_chosen"] as? Bool } == [true, false])
    #expect(forms.map { $0["flops"] as? Int } == [8 * 8 * 8 * 64, 6 * 8 * 64 * 64])
    for form in forms {
      let times = try #require(form["forward_backward_ms"] as? [String: Double])
      #expect(times["minimum"]! > 0 && times["minimum"]! <= times["median"]! && times["median"]! <= times["maximum"]!)
    }
    #expect(output.contains("dual, chosen"), "\(output)")
    #expect(json["configurations"] == nil && json["memory"] == nil)
  }

  @Test(arguments: [nil, 2] as [Int?])
  func kernelsBesideTheMemory(ranks: Int?) throws {
    let (output, json) = try bench(["--kernels", "--kernel-mebibytes", "1", "--steps", "2"], ranks: ranks)
    let memory = try #require(json["memory"] as? [String: Any])
    let kernels = try #require(memory["kernels"] as? [[String: Any]])
    #expect(kernels.count == 12)
    for kernel in kernels {
      for key in ["bytes", "bytes_per_second", "share_of_memory", "share_of_triad"] {
        #expect(try number(kernel, key) > 0, "\(kernel)")
      }
    }
    // 1 MiB a tensor: x twice and y.
    #expect(kernels[0]["name"] as? String == "batch norm, ReLU, forward" && kernels[0]["bytes"] as? Int == 3 << 20)
    for word in ["AdamW", "add, ReLU", "GB/s"] { #expect(output.contains(word), "\(output)") }
  }

  @Test func badOptionsAreOneMessage() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("b.json5", "{batch_size: 15}")
    let cases: [([String], Int32, [String])] = [
      (["--loss", "8"], 64, ["not a size of a loss", "--loss 256,2048"]),
      (["--loss", "9,16"], 64, ["equal shards", "9 samples, 2 shards"]),
      (["--stpes", "3"], 64, ["unknown option --stpes", "--steps"]),
      (["--encoder", "layers", "--layers", "[{linear: 4}]"], 64, ["no usual shape of samples", "--data"]),
      (Self.tiny + ["--against", file], 64, ["equal shards", "15 samples, 2 shards"]),
      (Self.tiny + ["--against", folder.file("none")], 64, ["cannot be read", "none"]),
      (Self.tiny + ["--json", folder.file("none/b.json")], 73, ["none/b.json"]),
    ]
    for (options, code, words) in cases {
      let result = try Launch.run("bt-dist", ["bench"] + options, ranks: 2)
      expectOneMessage(result, code, says: words, options.joined(separator: " "))
    }
  }
}
