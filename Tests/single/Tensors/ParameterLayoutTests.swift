import Files
import Tensors
import Testing

@Suite struct ParameterLayoutTests {
  private func layout(_ parameters: [(String, [Int])]) throws -> ParameterLayout {
    var layout = ParameterLayout()
    for (name, shape) in parameters { try layout.append(name: name, shape: shape) }
    return layout
  }

  @Test func parametersAreAlignedAndFollowOneAnother() throws {
    let layout = try oddLayout()
    var end = 0
    for entry in layout.entries {
      #expect(entry.offset % ParameterLayout.alignment == 0)
      #expect(entry.offset >= end && entry.offset - end < ParameterLayout.alignment)
      #expect(entry.count == entry.shape.reduce(1, *) && entry.range == entry.offset..<entry.offset + entry.count)
      end = entry.range.upperBound
      #expect(try layout.entry(entry.name) == entry)
    }
    #expect(layout.total % ParameterLayout.alignment == 0 && layout.total >= end)
    #expect(layout.parameterCount == layout.entries.reduce(0) { $0 + $1.count })
    let arena = try ParameterArena(layout)
    for entry in layout.entries { #expect(UInt(bitPattern: arena.pointer(of: entry)) % 64 == 0) }
  }

  @Test func runsCoverTheArenaAndKnowWhatDecays() throws {
    var layout = try layout([("a", [3, 5]), ("b", [2, 2]), ("c", [7]), ("d", [1]), ("e", [4, 4])])
    try layout.append(name: "f", shape: [3, 3], decays: false)
    let decays = layout.runs.map(\.decays)
    #expect(decays == [true, false, true, false])
    #expect(layout.runs.first?.range.lowerBound == 0 && layout.runs.last?.range.upperBound == layout.total)
    for (run, next) in zip(layout.runs, layout.runs.dropFirst()) {
      #expect(run.range.upperBound == next.range.lowerBound)
    }
    for entry in layout.entries {
      let run = layout.runs.first { $0.range.contains(entry.offset) }
      #expect(run?.decays == entry.decays && run?.range.contains(entry.range.upperBound - 1) == true)
    }
    #expect(ParameterLayout().runs.isEmpty)
  }

  @Test func theLargestLayerIsAWeightWithItsBias() throws {
    #expect(ParameterLayout().largestLayer == 0)
    // Weight, padding up to 16, bias.
    #expect(try layout([("x.weight", [3, 3]), ("x.bias", [3]), ("y.weight", [18])]).largestLayer == 19)
    #expect(try layout([("x.weight", [3, 3]), ("y.bias", [3]), ("y.weight", [18])]).largestLayer == 34)
    // The same last word is not the same layer, and neither is a name with the same start.
    #expect(try layout([("a.weight", [10]), ("b.weight", [10])]).largestLayer == 10)
    #expect(try layout([("l.1.weight", [10]), ("l.10.weight", [10])]).largestLayer == 10)
  }

  @Test func namesStandOnce() throws {
    var layout = try layout([("a", [1])])
    expectFailure(.defect, "'a'") { try layout.append(name: "a", shape: [2]) }
    expectFailure(.defect, "'b'") { _ = try layout.entry("b") }
    #expect(layout.contains("a") && !layout.contains("b") && layout.entries.count == 1)
  }

  @Test(arguments: [[0], [3, 0], [-1], [-2, -2], [1 << 40, 1 << 40], [1 << 48]]) func impossibleShapes(shape: [Int]) {
    var layout = ParameterLayout()
    expectFailure(.usage, "'p'", "\(shape)") { try layout.append(name: "p", shape: shape) }
    #expect(layout.total == 0 && layout.entries.isEmpty)
  }

  @Test func theHashTellsLayoutsApart() throws {
    let layouts = [
      try layout([]), try layout([("a", [2, 3])]), try layout([("a", [3, 2])]), try layout([("b", [2, 3])]),
      try layout([("a", [6])]), try layout([("a", [2, 3]), ("b", [1])]), try layout([("b", [1]), ("a", [2, 3])]),
    ]
    #expect(Set(try layouts.map { try $0.hash() }).count == layouts.count)
    #expect(try layout([("a", [2, 3])]).hash() == layouts[1].hash())
  }

  @Test func anArenasTensorsAreItsParameters() throws {
    let arena = try ParameterArena(oddLayout())
    let tensors = arena.namedTensors(in: arena.gradients, prefix: "moment.")
    #expect(tensors.map(\.name) == arena.layout.entries.map { "moment." + $0.name })
    #expect(tensors.map(\.shape) == arena.layout.entries.map(\.shape))
    #expect(arena.values.elements.allSatisfy { $0 == 0 } && arena.gradients.elements.allSatisfy { $0 == 0 })
    expectFailure(.defect, "'p99'") { _ = try arena.pointer(of: "p99") }
    expectFailure(.defect, "'p99'") { _ = try arena.gradient(of: "p99") }
  }
}
