import Foundation
import RunRecord
import TestSupport
import Testing

/// Checkpoints whose bytes are not what was written: recognised, and the one before is used.
@Suite struct DamageTests {
  private static let files = ["manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"]

  /// A run of 9 steps with checkpoints of steps 6 and 9.
  private func makeRun(_ run: SmallRun) throws {
    var first = run
    first.steps = 9
    let result = try first.finish(ranks: 1)
    try #require(result.code == 0 && run.result.checkpoints == [6, 9], "\(result.text)")
  }

  private static func flip(_ path: String, bit: Int) throws {
    var bytes = try readBytes(path)
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// The step of the checkpoint that a launch would resume from, and how many warnings it would give.
  private func newest(_ run: SmallRun) -> (step: Int?, warnings: Int) {
    var warnings = 0
    let found = CheckpointStore(runFolder: run.result.path, keep: 2).newestValid { _ in warnings += 1 }
    return (found?.step, warnings)
  }

  /// Random bits over all bytes of a checkpoint, and every single bit of the manifest.
  @Test func flippedBits() throws {
    let run = try SmallRun(steps: 12)
    try makeRun(run)
    let checkpoint = run.result.checkpoint(9)
    let sizes = try Self.files.map { try readBytes(checkpoint + "/" + $0).count }
    var random = SeededGenerator(FaultSelection.seed)
    var places: [(file: String, bit: Int)] = (0..<200).map { _ in
      var bit = Int.random(in: 0..<8 * sizes.reduce(0, +), using: &random)
      var file = 0
      while bit >= 8 * sizes[file] {
        bit -= 8 * sizes[file]
        file += 1
      }
      return (Self.files[file], bit)
    }
    let ofManifest = FaultSelection.of(Array(0..<8 * sizes[0]), every: 5)
    places += ofManifest.map { (Self.files[0], $0) }
    var unseen: [String] = []
    for (file, bit) in places {
      try Self.flip(checkpoint + "/" + file, bit: bit)
      let (step, warnings) = newest(run)
      if step != 6 || warnings != 1 { unseen.append("bit \(bit % 8) of byte \(bit / 8) of \(file)") }
      try Self.flip(checkpoint + "/" + file, bit: bit)
    }
    #expect(unseen.isEmpty)
    #expect(newest(run).step == 9)
    FaultTable.add(
      .init(
        name: "flipped bits in a checkpoint",
        injected: "200 random ones in its files, \(ofManifest.count) in the manifest, seed \(FaultSelection.seed)",
        expected: "all recognised, the one before used",
        seen:
          "\(places.count - unseen.count) of \(places.count) recognised \(unseen.prefix(3).joined(separator: "; "))",
        passed: unseen.isEmpty))
  }

  /// The same on real ranks: what is to be done to a file of the newest checkpoint.
  private static func damage(
    _ name: String, _ injected: String, _ apply: @escaping @Sendable (String, inout SeededGenerator) throws -> Void
  ) -> Fault {
    Fault(
      name: name, injected: injected, codes: [0],
      words: ["warning: skipping a checkpoint that is not whole", "resumed    after step 6"], times: (1, 4),
      resumesOn: nil
    ) { run, random in
      try DamageTests().makeRun(run)
      try apply(run.result.checkpoint(9), &random)
      return .init(launch: try run.finish(ranks: 2))
    }
  }

  static let damages = [
    damage("a flipped bit, on ranks", "a random bit of a random file") { checkpoint, random in
      let file = checkpoint + "/" + files.randomElement(using: &random)!
      try flip(file, bit: Int.random(in: 0..<8 * readBytes(file).count, using: &random))
    },
    damage("a truncated checkpoint", "a random file is cut at a random place") { checkpoint, random in
      let file = checkpoint + "/" + files.randomElement(using: &random)!
      truncate(file, off_t(Int.random(in: 0..<(try readBytes(file).count), using: &random)))
    },
    damage("a checkpoint without a file", "a random file is removed") { checkpoint, random in
      unlink(checkpoint + "/" + files.randomElement(using: &random)!)
    },
  ]

  @Test(arguments: FaultSelection.of(damages, every: 3)) func onRanks(_ fault: Fault) throws {
    try fault.check { try SmallRun(steps: 15) }
  }

  /// Nothing is begun anew over what is left of a run.
  static let allDamaged = Fault(
    name: "all checkpoints damaged", injected: "a bit of every model.safetensors, flipped back before the next launch",
    codes: [65], words: ["none of the run's checkpoints is whole", "remedy"]
  ) { run, _ in
    try DamageTests().makeRun(run)
    let models = [6, 9].map { run.result.checkpoint($0) + "/model.safetensors" }
    for model in models { try flip(model, bit: 5000) }
    let before = try run.contents()
    let launch = try run.finish(ranks: 2)
    let isUntouched = try run.contents() == before
    for model in models { try flip(model, bit: 5000) }
    return .init(launch: launch, problems: isUntouched ? [] : ["the run was changed"])
  }

  @Test func nothingIsBegunAnew() throws { try Self.allDamaged.check { try SmallRun(steps: 15) } }
}
