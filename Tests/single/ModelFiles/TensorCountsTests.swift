import Foundation
import Inspecting
import ModelFiles
import TestSupport
import Testing

/// Counts in messages: the same words everywhere, and no plural of one.
@Suite struct TensorCountsTests {
  @Test func parametersAndBuffersByTheirNames() {
    var counts = TensorCounts()
    for (name, numbers) in [
      ("bn.weight", 4), ("bn.running_mean", 4), ("bn.running_var", 4), ("bn.num_batches_tracked", 1), ("weight", 6),
    ] {
      counts.add(name, numbers: numbers)
    }
    #expect(counts.tensors == 5 && counts.parameters == 10 && counts.buffers == 9 && counts.numbers == 19)
    #expect(counts.text == "5 tensors: 10 numbers in parameters, 9 in buffers")
    var one = TensorCounts()
    one.add("bias", numbers: 1)
    #expect(one.text == "1 tensor: 1 number in parameters, 0 in buffers")
  }

  /// An unreadable line of `launches.jsonl`, and a file of one byte.
  @Test func oneHasNoPlural() throws {
    let folder = try TemporaryFolder()
    for (name, text) in [("config.json", "{}"), ("launches.jsonl", "x\n"), ("one.bin", "x")] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    }
    let found = try Inspector().inspect(folder.path)
    #expect(found.problems.contains { $0.hasSuffix("launches.jsonl: 1 unreadable line") }, "\(found.problems)")
    do { _ = try Inspector().inspect(folder.file("one.bin")) } catch {
      #expect("\(error)".contains("1 byte") && !"\(error)".contains("1 bytes"), "\(error)")
    }
  }
}
