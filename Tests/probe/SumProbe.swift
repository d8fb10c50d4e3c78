import DataParallel
import Diagnostics
import Foundation
import MPI
import Tensors

/// `sums`: collectives against the sum that every rank can compute by itself, with other numbers on each rank.
struct SumProbe {
  let communicator: Communicator

  init(_ communicator: Communicator) { self.communicator = communicator }

  func run() throws {
    let group = try ShardGroup(communicator, shards: 2 * communicator.size)
    for count in [1, 2, 3, 17, 4095, 16_383, 16_384, 16_385, 100_003, 5 << 20] {
      if count < 1 << 20 { try checkLeaves(group, count) }
      try checkGradients(group, count)
    }
    try checkGather(group)
  }

  /// A number that differs between shards and places, and whose sums are rounded.
  private func number(_ shard: Int, _ i: Int) -> Double { 1 / Double(1 + shard * 7919 + i) }

  /// The tree written down: ((0+1)+(2+3))+…
  private func treeSum<Number: FloatingPoint>(_ values: [Number]) -> Number {
    values.count == 1
      ? values[0] : treeSum(Array(values[..<(values.count / 2)])) + treeSum(Array(values[(values.count / 2)...]))
  }

  private func checkLeaves(_ group: ShardGroup, _ count: Int) throws {
    let leaves = AlignedBuffer<Double>(group.localShards.count * count)
    for (local, shard) in group.localShards.enumerated() {
      for i in 0..<count { leaves.pointer[local * count + i] = number(shard, i) }
    }
    try group.sum(leaves.pointer, count: count, at: "test")
    for i in 0..<count {
      let expected = treeSum((0..<group.shards).map { number($0, i) })
      let isRight =
        group.isIndependentOfRanks
        ? leaves.pointer[i] == expected : abs(leaves.pointer[i] - expected) <= 1e-14 * abs(expected)
      guard isRight else {
        throw Failure(
          .defect, "wrong sum of doubles", at: "element \(i) of \(count)", expected: "\(expected)",
          found: "\(leaves.pointer[i])")
      }
    }
  }

  /// Gradients that become complete piece by piece, at different moments on every rank.
  private func checkGradients(_ group: ShardGroup, _ count: Int) throws {
    var layout = ParameterLayout()
    try layout.append(name: "weight", shape: [count])
    let arena = try ParameterArena(layout)
    try group.sumGradients(of: arena)
    for _ in 0..<2 {
      for i in 0..<count { arena.gradients.pointer[i] = Float(number(communicator.rank, i)) }
      for part in 1...3 {
        usleep(UInt32((communicator.rank * 7 + part * 3) % 5 * 300))
        try group.gradientsCompleted(below: count * part / 4)
      }
      try group.finishGradients()
      for i in stride(from: 0, to: count, by: count < 1 << 20 ? 1 : 101) {
        let expected = treeSum((0..<communicator.size).map { Float(number($0, i)) })
        let found = arena.gradients.pointer[i]
        let isRight = group.isIndependentOfRanks ? found == expected : abs(found - expected) <= 1e-6 * expected
        guard isRight else {
          throw Failure(
            .defect, "wrong sum of floats", at: "element \(i) of \(count)", expected: "\(expected)",
            found: "\(found)")
        }
      }
    }
  }

  private func checkGather(_ group: ShardGroup) throws {
    let all = AlignedBuffer<Float>(group.shards * 3)
    for shard in group.localShards { for i in 0..<3 { all.pointer[3 * shard + i] = Float(10 * shard + i) } }
    try group.gather(all.pointer, countPerShard: 3, at: "test")
    for shard in 0..<group.shards {
      for i in 0..<3 where all.pointer[3 * shard + i] != Float(10 * shard + i) {
        throw Failure(.defect, "wrong gathered value", at: "shard \(shard)")
      }
    }
  }
}

/// `disagreement`: the last rank fails alone; every rank must throw that failure, and say so.
func disagree(_ communicator: Communicator) throws {
  do {
    try communicator.together {
      if communicator.rank == communicator.size - 1 { throw Failure(.data, "the planted fault", at: "here") }
    }
  } catch let agreed as AgreedFailure {
    print("agreed: \(agreed.failure.kind.rawValue) \(agreed.failure.message)")
    return
  }
  throw Failure(.defect, "nothing was thrown")
}
