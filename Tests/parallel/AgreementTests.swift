import Foundation
import TestSupport
import Testing

/// Ranks that are not started alike, or would not start from the same numbers: one message, at once, that says what
/// differs and where. What costs only the equality of bits is a warning.
@Suite struct AgreementTests {
  private static let host = ProcessInfo.processInfo.hostName

  /// `train` on a table of 64 rows, to `run` in the working folder of rank 0.
  private static let train = [
    "train", "--data", "synthetic:12,n=64", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "12", "--max-epochs", "2",
    "--lr-scheduler", "none", "--out", "run",
  ]

  /// One rank for each list of arguments.
  private func launch(_ arguments: [[String]]) throws -> LaunchResult {
    try Launch.run(arguments.map { RankCall("bt-dist", $0) }, limit: 30)
  }

  // MARK: What the ranks were started with

  @Test func anotherOption() throws {
    let result = try launch([Self.train, Self.train + ["--lambd", "0.01"]])
    expectOneMessage(
      result, 64,
      says: [
        "--lambd, rank 1 on \(Self.host):", "rank 0 on \(Self.host): --lambd 0.005",
        "rank 1 on \(Self.host): --lambd 0.01", "only --workers and --threads may differ",
      ])
  }

  /// Two of three ranks, in two options.
  @Test func otherOptionsOnTwoRanks() throws {
    let other = Self.train + ["--random-state", "7", "--mlp-hidden", "8,16"]
    let result = try launch([Self.train, other, other])
    expectOneMessage(
      result, 64,
      says: [
        "--mlp-hidden, --random-state, ranks 1, 2 on \(Self.host):",
        "rank 0 on \(Self.host): --mlp-hidden 16,8, --random-state 0",
        "ranks 1, 2 on \(Self.host): --mlp-hidden 8,16, --random-state 7",
      ])
  }

  /// Hosts with files of options that are not the same.
  @Test(
    arguments: [
      (text: "{lambd: 0.01}", says: ["--lambd, rank 1 on ", "--lambd 0.01"]),
      (text: "{lambd: -1}", says: ["run.json5, line 1, key 'lambd', rank 1 on "]),
      (text: nil, says: ["run.json5, rank 1 on ", "cannot be read"]),
    ] as [(text: String?, says: [String])])
  func anotherConfigurationFile(_ other: (text: String?, says: [String])) throws {
    let folder = try TemporaryFolder()
    let calls = try [("{lambd: 0.005}", 0), (other.text, 1)].map { text, rank in
      let host = try folder.folder("host\(rank)")
      if let text { try folder.write("host\(rank)/run.json5", text) }
      return RankCall("bt-dist", Self.train + ["--config", "run.json5"], folder: host)
    }
    expectOneMessage(try Launch.run(calls, limit: 30), 64, says: other.says)
  }

  @Test func anotherOptionOfAnotherCommand() throws {
    let calls = ["1", "2"].map { ["embed", "--from", "run", "--data", "synthetic:12", "--out", "f.npy", "--view", $0] }
    expectOneMessage(
      try launch(calls), 64, says: ["--view, rank 1 on \(Self.host):", "--view 2", "only --threads may differ"])
  }

  @Test(
    arguments: [
      (["embed", "--from", "run", "--data", "synthetic:12", "--out", "f.npy"], "bt-dist embed"),
      (["--help"], "bt-dist --help"), ([], "bt-dist without a command"), (["train", "--help"], "--help"),
      (train + ["--print-config"], "--print-config"),
    ] as [([String], String)])
  func anotherCommand(_ arguments: [String], _ name: String) throws {
    let orders = [[Self.train, arguments], [arguments, Self.train]]
    for calls in arguments.first == "embed" ? orders : [orders[0]] {
      expectOneMessage(
        try launch(calls), 64,
        says: ["rank 1 on \(Self.host): not the c", "rank \(calls[1] == arguments ? 1 : 0) on \(Self.host): \(name)"])
    }
  }

  @Test(arguments: [2, 3])
  func anotherExecutable(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let own = try RankCall("bt-dist", []).path
    // An equally good program, of other bytes.
    let other = try folder.write("bt-dist", try readBytes(own) + [0])
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other)
    let calls = [RankCall(own, Self.train), RankCall(other, Self.train, ranks: ranks - 1)]
    let place = ranks == 2 ? "rank 1" : "ranks 1, 2"
    expectOneMessage(
      try Launch.run(calls, limit: 30), 64,
      says: [
        "executable, \(place) on \(Self.host):", "rank 0 on \(Self.host): /", "\(place) on \(Self.host): /",
        "\(URL(fileURLWithPath: folder.path).lastPathComponent)/bt-dist of SHA-256 ",
      ])
  }

  /// The same build in two places is not a difference, nor are loader threads.
  @Test func whatMayDiffer() throws {
    let folder = try TemporaryFolder()
    let copy = try folder.write("copy", try readBytes(try RankCall("bt-dist", []).path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy)
    let result = try Launch.run(
      [RankCall("bt-dist", Self.train), RankCall(copy, Self.train + ["--workers", "3"])], limit: 30)
    #expect(result.code == 0 && !result.text.contains("warning"), "\(result.text)")
  }

  // MARK: What they would train on and start from

  @Test func otherDataOnTwoRanks() throws {
    let folder = try TemporaryFolder()
    let calls = try [1, 2, 2].enumerated().map { rank, seed in
      let host = try folder.folder("host\(rank)")
      try folder.npy("host\(rank)/x.npy", [64, 12], normalNumbers(64 * 12, seed: UInt64(seed)))
      return RankCall("bt-dist", Self.train + ["--data", "npy:x.npy"], folder: host)
    }
    expectOneMessage(
      try Launch.run(calls, limit: 30), 65,
      says: ["npy:x.npy, ranks 1, 2 on \(Self.host):", "64 rows of 12, but other contents"])
  }

  /// These cannot be brought about from outside; the field that the probe changes, and what the failure must say.
  static let planted: [(field: String, says: [String])] = [
    ("configuration", ["--lambd, rank", "--lambd 0.005", "--lambd 0.01"]),
    ("samples", ["steps an epoch, samples, rank", "samples 64", "samples 63"]),
    ("step", ["first step, rank", "first step 0", "first step 1"]),
    ("layout", ["parameter layout, rank", "tensors", "but other contents"]),
    ("kernels", ["table of kernels, rank", "1 innerProduct", "1 matrixProduct"]),
    ("parameters", ["parameters, rank", "SHA-256"]),
    ("statistics", ["running statistics, rank", "SHA-256"]),
    ("moments", ["exp_avg_sq, rank", "SHA-256"]),
  ]

  @Test(arguments: planted.map { ($0, 3) } + [(planted[0], 2)])
  func otherStart(_ planted: (field: String, says: [String]), ranks: Int) throws {
    let result = try Launch.run("rank-probe", ["agreement", planted.field], ranks: ranks, limit: 30)
    #expect(result.code == 0, "\(result.text)")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == ranks && Set(lines).count == 1, "\(result.text)")
    for word in planted.says + ["failed: 70 ", "rank \(ranks - 1) on \(Self.host): "] {
      #expect(lines.first?.contains(word) == true, "no '\(word)' in \(result.text)")
    }
  }

  @Test(arguments: [1, 2, 3])
  func sameStart(ranks: Int) throws {
    let result = try Launch.run("rank-probe", ["agreement", "nothing"], ranks: ranks, limit: 30)
    #expect(result.output == String(repeating: "agreed\n", count: ranks), "\(result.text)")
  }

  // MARK: What they compute with

  /// The environment of the last rank, and what the warning must say of it.
  static let kernels: [(environment: [String: String], says: [String])] = [
    (["OPENBLAS_CORETYPE": "Haswell"], ["different BLAS kernels (", ", Haswell kernels"]),
    (["ONEDNN_MAX_CPU_ISA": "AVX"], ["different oneDNN kernels (", ", avx"]),
    (["OMP_NUM_THREADS": "3"], ["different threads (", ": 3 threads"]),
    (
      ["OPENBLAS_CORETYPE": "Nehalem", "ONEDNN_MAX_CPU_ISA": "SSE41", "OMP_NUM_THREADS": "2"],
      ["different BLAS kernels and oneDNN kernels and threads (", ", Nehalem kernels, ", ", sse41, 2 threads"]
    ),
  ]

  /// What the variable of one rank says is no number of threads: the launch ends with 64 on all.
  @Test(arguments: [train, ["bench", "--loss", "8,8"]])
  func threadsThatAreNoNumber(call: [String]) throws {
    let calls = [
      RankCall("bt-dist", call, ranks: 1), RankCall("bt-dist", call, environment: ["OMP_NUM_THREADS": "four"]),
    ]
    let result = try Launch.run(calls, limit: 60)
    expectOneMessage(result, 64, says: ["OMP_NUM_THREADS", "'four'", "rank 1 on ", "--threads"])
  }

  private func expectWarning(_ result: LaunchResult, _ text: String, says: [String]) {
    #expect(result.code == 0, "\(result.text)")
    let warnings = text.split(separator: "\n").filter { $0.contains("warning: the ranks compute with different") }
    #expect(warnings.count == 1, "\(result.text)")
    for word in says { #expect(warnings.first?.contains(word) == true, "no '\(word)' in \(result.text)") }
  }

  @Test(arguments: kernels.map { ($0, 2) } + [(kernels[0], 3)])
  func otherKernels(_ kernels: (environment: [String: String], says: [String]), ranks: Int) throws {
    let calls = [
      RankCall("bt-dist", Self.train, ranks: ranks - 1),
      RankCall("bt-dist", Self.train, environment: kernels.environment),
    ]
    let result = try Launch.run(calls, limit: 60)
    let first = ranks == 2 ? "(rank 0 on \(Self.host): " : "(ranks 0, 1 on \(Self.host): "
    let last = "; rank \(ranks - 1) on \(Self.host): "
    expectWarning(result, result.errors, says: kernels.says + [first, last, "the bits of the result depend on"])
    #expect(result.output.contains("finished at step 10"), "\(result.text)")
  }

  /// The same where a trained encoder is used.
  @Test func otherKernelsOfOtherCommands() throws {
    let folder = try TemporaryFolder()
    let data = "npy:\(try folder.npy("x.npy", [64, 12], normalNumbers(64 * 12, seed: 1)))"
    let labelled = "\(data),\(try folder.labels("y.npy", 64, classes: 3))"
    let run = folder.file("run")
    let trained = try Launch.run("bt-dist", Self.train + ["--data", data, "--out", run], ranks: 2)
    try #require(trained.code == 0 && !trained.text.contains("warning"), "\(trained.text)")
    for arguments in [
      ["embed", "--from", run, "--data", data, "--out", folder.file("f.npy")],
      ["eval", "--from", run, "--train", labelled, "--test", labelled],
    ] {
      let calls = [[:], ["OPENBLAS_CORETYPE": "Nehalem"]].map { RankCall("bt-dist", arguments, environment: $0) }
      let result = try Launch.run(calls, limit: 60)
      expectWarning(result, result.errors, says: ["rank 1 on \(Self.host): ", "Nehalem"])
    }
  }
}
