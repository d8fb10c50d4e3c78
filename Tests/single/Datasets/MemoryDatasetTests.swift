import Datasets
import TestSupport
import Testing

@Suite struct MemoryDatasetTests {
  @Test func samplesAreRead() throws {
    let data = try MemoryDataset(
      views: [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]], sampleShape: [3], labels: [4, 5])
    #expect(data.count == 2 && data.viewsPerSample == 2 && data.labels == [4, 5])
    var sample: [Float] = [0, 0, 0]
    try data.read(1, view: 0, into: &sample)
    #expect(sample == [4, 5, 6])
    try data.read(0, view: 1, into: &sample)
    #expect(sample == [7, 8, 9])
    expectFailure(.defect, "no such sample") { try data.read(2, view: 0, into: &sample) }
  }

  @Test func whatIsNoDataSet() {
    expectFailure(.data, "one view or two") { _ = try MemoryDataset(views: [], sampleShape: [3]) }
    expectFailure(.data, "shape") { _ = try MemoryDataset(views: [[1, 2, 3, 4]], sampleShape: [2, 2]) }
    expectFailure(.data, "shape") { _ = try MemoryDataset(views: [[1]], sampleShape: [0]) }
    expectFailure(.data, "whole samples", "view 1", "4") {
      _ = try MemoryDataset(views: [[1, 2, 3, 4]], sampleShape: [3])
    }
    expectFailure(.data, "whole samples") { _ = try MemoryDataset(views: [[]], sampleShape: [3]) }
    expectFailure(.data, "view 2", "6 as in view 1") {
      _ = try MemoryDataset(views: [[1, 2, 3, 4, 5, 6], [1, 2, 3]], sampleShape: [3])
    }
    expectFailure(.data, "view 2, sample 1", "nan") {
      _ = try MemoryDataset(views: [[1, 2], [3, .nan]], sampleShape: [1])
    }
    expectFailure(.data, "labels", "expected: 2", "1") {
      _ = try MemoryDataset(views: [[1, 2]], sampleShape: [1], labels: [1])
    }
  }
}
