import Datasets
import Loading
import TestSupport
import Testing
import Views

/// What `--augment auto` means where the values of the data decide it.
@Suite struct AutomaticAugmentationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func recipe(_ shape: [Int], _ value: (Int, Int) -> Float) throws -> String? {
    let size = shape.dropFirst().reduce(1, *)
    let path = try folder.npy("x.npy", shape, (0..<shape[0] * size).map { value($0 / size, $0 % size) })
    return try Augmentation.automatic(for: DataSpec.open("npy:\(path)"))?.recipe
  }

  /// 1 and 3 have a deviation of 1; a constant column and one of large numbers do not count.
  @Test func rowsAndVolumesGetNoiseOfTheirDeviation() throws {
    func value(_ sample: Int, _ place: Int) -> Float {
      let value: Float = sample % 2 == 0 ? 1 : 3
      return place == 0 ? 7 : place == 1 ? 1000 * value : value
    }
    #expect(try recipe([40, 6], value) == "noise=0.3")
    #expect(try recipe([40, 6]) { 0.01 * value($0, $1) } == "noise=0.003")
    #expect(try recipe([10, 1, 4, 4, 4], value) == "noise=0.3")
    #expect(try recipe([40, 6]) { 16384 + value($0, $1) } == "noise=0.3")
    let parsed = try Augmentation.parse("noise=0.3", shape: [6], viewsPerSample: 1)
    #expect(parsed.description == "noise=0.3")
    expectFailure(.data, "all the same", "noise=0.1") { _ = try recipe([40, 6]) { _, place in Float(place) } }
  }

  @Test func imagesOutsideTheUnitRangeGetNoColours() throws {
    #expect(try recipe([10, 3, 4, 4]) { sample, _ in Float(sample) / 10 } == nil)
    let recipe = try #require(try recipe([10, 3, 4, 4]) { sample, _ in Float(sample) })
    #expect(recipe == "crop=0.4:1,flip,blur=0.1:1@0.5")
    _ = try Augmentation.parse(recipe, shape: [3, 4, 4], viewsPerSample: 1)
  }

  @Test func givenPairsStayAsTheyAre() throws {
    let path = try folder.npy("a.npy", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try Augmentation.automatic(for: DataSpec.open("pairs:\(path),\(path)")) == nil)
  }
}
