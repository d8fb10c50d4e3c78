import Datasets
import MPI
import Tensors
import Training
import TwinNetwork

/// Features of a whole data set, computed by all ranks, in the data set's order.
///
/// The samples are cut into blocks of the extractor's size, the same for any number of ranks; rank r takes every N-th.
/// So a feature's bits depend neither on the ranks nor on where the data set ends.
package struct FeatureRun {
  private let dataset: any Dataset
  private let extractor: FeatureExtractor
  private let view: Int
  private let communicator: Communicator

  /// - Parameter view: 0, or 1 for the second of two given views.
  package init(_ dataset: any Dataset, _ extractor: FeatureExtractor, view: Int = 0, _ communicator: Communicator) {
    self.dataset = dataset
    self.extractor = extractor
    self.view = view
    self.communicator = communicator
  }

  /// Calls `body` on rank 0 with each block's features, rows × `features`, in order. A collective; what any rank throws
  /// is thrown by all.
  package func forEachBlock(_ body: (_ features: UnsafePointer<Float>, _ rows: Int) throws -> Void) throws {
    let control = StepControl(communicator)
    let blocks = (dataset.count + extractor.block - 1) / extractor.block
    let received = try AlignedBuffer<Float>(communicator.rank == 0 ? extractor.block : 0, extractor.features)
    var first = 0
    while first < blocks {
      let own = first + communicator.rank
      communicator.position.place = "features from block \(first) of \(blocks) on"
      if own < blocks { control.attempt { try compute(own) } }
      try control.agree()
      for rank in 0..<min(communicator.size, blocks - first) {
        let count = rows(first + rank) * extractor.features
        if rank == 0 {
          control.attempt { if communicator.rank == 0 { try body(extractor.output.pointer, rows(first)) } }
        } else if communicator.rank == rank {
          try communicator.send(extractor.output.pointer, count: count, to: 0)
        } else if communicator.rank == 0 {
          try communicator.receive(received.pointer, count: count, from: rank)
          control.attempt { try body(received.pointer, rows(first + rank)) }
        }
      }
      first += communicator.size
    }
    try control.agree()
    communicator.position.place = "after the features"
  }

  /// All features on rank 0, nothing on the others. A collective.
  package func collect() throws -> AlignedBuffer<Float> {
    let all = try communicator.together {
      let rows = communicator.rank == 0 ? dataset.count : 0
      let row = saturatingProduct(extractor.features, MemoryLayout<Float>.stride)
      try MemoryRoom.require(saturatingProduct(rows, row), for: .features)
      return try AlignedBuffer<Float>(rows, extractor.features, for: .features)
    }
    var filled = 0
    try forEachBlock { features, rows in
      (all.pointer + filled).update(from: features, count: rows * extractor.features)
      filled += rows * extractor.features
    }
    return all
  }

  /// All features on every rank. A collective.
  package func collectEverywhere() throws -> AlignedBuffer<Float> {
    let own = try collect()
    let all = try communicator.together {
      communicator.rank == 0
        ? own : try AlignedBuffer<Float>(dataset.count, extractor.features, for: .features)
    }
    try communicator.broadcast(all.pointer, count: all.count)
    return all
  }

  private func rows(_ block: Int) -> Int { min(extractor.block, dataset.count - block * extractor.block) }

  private func compute(_ block: Int) throws {
    let first = block * extractor.block
    extractor.input.zero()
    try dataset.readRange(first..<first + rows(block), view: view, into: extractor.input.pointer)
    try extractor.run()
  }
}
