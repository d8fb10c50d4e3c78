import Diagnostics
import Files
import Foundation
import RunRecord
import Testing

@Suite struct MetricsFileTests {
  private let scratch: Scratch
  private var path: String { scratch.file("metrics.jsonl") }

  init() throws { scratch = try Scratch() }

  private func run(from first: Int, to last: Int) throws {
    let file = MetricsFile(path: path)
    try file.open(resumingAfter: first)
    for step in first..<last { try file.append(record(step: step + 1)) }
    try file.flush()
    try file.synchronize()
  }

  private func append(_ text: String) throws {
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  private func steps() throws -> [Int] {
    try scratch.text("metrics.jsonl").split(separator: "\n").map { line in
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      return try #require(object["step"] as? Int)
    }
  }

  @Test func aLineHasTheseKeysAndDigits() throws {
    #expect(
      MetricsLine.json(record(step: 7)) == """
        {"step":7,"epoch":0.14,"loss":812.345679,"loss_invariance":12.25,"loss_redundancy":160019.136,"loss_floor":100,\
        "lr":0.0003,"grad_norm":1.5,"dead_features":0,"step_ms":200,"samples_per_second":1280,"data_wait_ms":0.25,\
        "comm_wait_ms":12.5,"checkpoint_ms":0,"forward_ms":50,"loss_ms":8.5,"backward_ms":110,"optimizer_ms":18.75,"loss_bits":"408962c3f34e39f6",\
        "loss_invariance_bits":"4028800000000000","loss_redundancy_bits":"4103889916872b02",\
        "lr_bits":"3f33a92a30553261","grad_norm_bits":"3ff8000000000000"}
        """)
  }

  @Test func aValidationHasALineOfItsOwn() throws {
    #expect(
      MetricsLine.json(validation(step: 7)) == """
        {"step":7,"epoch":0.14,"val_loss":36.25,"val_loss_invariance":11.25,"val_loss_redundancy":2500,"val_batches":2,\
        "val_ms":1234,"val_loss_bits":"4042200000000000","val_loss_invariance_bits":"4026800000000000",\
        "val_loss_redundancy_bits":"40a3880000000000"}
        """)
    let places = [MetricsLine.json(record(step: 7)), MetricsLine.json(validation(step: 7))].map { line in
      // As another program would write them.
      [line, line.replacingOccurrences(of: ":", with: ": ")].map { MetricsLine.place(of: ArraySlice($0.utf8)) }
    }
    #expect(places[0][0] == places[0][1] && places[1][0] == places[1][1])
    #expect(places[0][0]?.isValidation == false && places[1][0]?.isValidation == true)
    let (step, validation) = (try #require(places[0][0]), try #require(places[1][0]))
    #expect(MetricsLine.Place.start < step && step < validation && !(validation < step))
    #expect(validation < (try #require(MetricsLine.place(of: ArraySlice(MetricsLine.json(record(step: 8)).utf8)))))
  }

  /// Also a validation whose step is not logged; and what is cut comes again.
  @Test func validationsStandOnceBehindTheirStep() throws {
    func run(from first: Int, to last: Int) throws {
      let file = MetricsFile(path: path)
      try file.open(resumingAfter: first, logEveryNSteps: 2)
      for step in first + 1...last {
        try file.append(record(step: step))
        if step % 3 == 0 { try file.append(validation(step: step)) }
      }
    }
    func kinds() throws -> [String] {
      try scratch.text("metrics.jsonl").split(separator: "\n").map { line in
        let place = try #require(MetricsLine.place(of: ArraySlice(line.utf8)))
        return "\(place.isValidation ? "v" : "s")\(place.step)"
      }
    }
    try run(from: 0, to: 12)
    let whole = ["s2", "v3", "s4", "s6", "v6", "s8", "v9", "s10", "s12", "v12"]
    #expect(try kinds() == whole)
    for first in [6, 8, 3, 5, 11] {
      try run(from: first, to: 12)
      #expect(try kinds() == whole, "from \(first)")
    }
  }

  @Test func whatIsNoNumberIsNull() throws {
    var bad = record(step: 1)
    (bad.loss, bad.gradNorm, bad.lossInvariance, bad.learningRate) = (.nan, .infinity, -.infinity, 1.25e-12)
    let line = MetricsLine.json(bad)
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object.count == 23)
    for key in ["loss", "grad_norm", "loss_invariance"] { #expect(object[key] is NSNull) }
    #expect(object["lr"] as? Double == 1.25e-12)
  }

  /// Also zeros of both signs, denormals and what is not a number.
  @Test(arguments: [812.3456789123, -0.0, 0, .leastNonzeroMagnitude, .infinity, .nan, 1 / 3])
  func everyDoubleIsReadBackToTheBit(value: Double) throws {
    var written = record(step: 1)
    (written.loss, written.gradNorm, written.learningRate) = (value, value.nextUp, value)
    let read = try #require(MetricsLine.exactNumbers(of: ArraySlice(MetricsLine.json(written).utf8)))
    #expect(read.map(\.bitPattern) == written.exactNumbers.map(\.value.bitPattern))
    #expect(MetricsLine.contradiction(in: ArraySlice(MetricsLine.json(written).utf8)) == nil)
  }

  @Test func digitsAndBitsMustSayTheSame() throws {
    let line = MetricsLine.json(record(step: 1)).replacingOccurrences(of: "\"lr\":0.0003", with: "\"lr\":0.00031")
    let found = try #require(MetricsLine.contradiction(in: ArraySlice(line.utf8)))
    #expect(found.key == "lr" && found.digits == "0.00031" && found.bits == "0.0003")
  }

  @Test func linesWithoutBitsAreNoExactNumbers() {
    let line = MetricsLine.json(record(step: 1))
    let withoutBits = line.prefix(upTo: line.range(of: ",\"loss_bits")!.lowerBound) + "}"
    for text in [String(withoutBits), line.replacingOccurrences(of: "\"4", with: "\""), "{}", "no JSON"] {
      #expect(MetricsLine.exactNumbers(of: ArraySlice(text.utf8)) == nil, "\(text)")
    }
  }

  @Test func everyFloatIsToldApart() throws {
    let floats: [Float] = [812.3457, Float(812.3457).nextUp, 1e-30, 16_777_215]
    for value in floats {
      var one = record(step: 1)
      one.loss = Double(value)
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(MetricsLine.json(one).utf8)) as? [String: Any])
      #expect(Float(try #require(object["loss"] as? Double)) == value)
    }
  }

  @Test func everyLineIsInTheFileAtOnce() throws {
    let file = MetricsFile(path: path)
    try file.open(resumingAfter: 0)
    for step in 1...3 {
      try file.append(record(step: step))
      #expect(try steps() == Array(1...step))
    }
  }

  @Test func aResumeCutsLaterSteps() throws {
    try run(from: 0, to: 10)
    try run(from: 6, to: 8)
    #expect(try steps() == Array(1...8))
    try run(from: 8, to: 9)
    #expect(try steps() == Array(1...9))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["metrics.jsonl"])
  }

  @Test func aNewRunStartsAnEmptyFile() throws {
    try run(from: 0, to: 10)
    try run(from: 0, to: 1)
    #expect(try steps() == [1])
  }

  @Test(arguments: [#"{"step":4,"epoch":0.0"#, "{\"ste", "{\"step\":4}{\"step\":5}\n", "\0\0\0\0", "\n"])
  func tornLinesAreCut(torn: String) throws {
    try run(from: 0, to: 3)
    try append(torn)
    try run(from: 3, to: 5)
    #expect(try steps() == Array(1...5))
  }

  @Test func aWholeLastLineWithoutItsLineFeedStays() throws {
    try run(from: 0, to: 2)
    try append(MetricsLine.json(record(step: 3)))
    try run(from: 3, to: 4)
    #expect(try steps() == Array(1...4))
  }

  @Test func otherKeysAndSpacesAreUnderstood() throws {
    try run(from: 0, to: 1)
    try append("{ \"loss\": 1, \"step\": 2, \"note\": \"{}\" }\n{\"loss\": 1, \"step\": 3}\n")
    try run(from: 2, to: 3)
    #expect(try steps() == [1, 2, 3])
    #expect(try scratch.text("metrics.jsonl").contains("note"))
  }

  /// Neither does it delete others, nor does it stay where the run will write it again.
  @Test func aLineOutOfPlaceCostsNoOther() throws {
    func json(_ step: Int) -> String { MetricsLine.json(record(step: step)) + "\n" }
    let text = json(19) + (1...23).map(json).joined()
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    var said: [String] = []
    try MetricsFile(path: path).open(resumingAfter: 23) { said.append($0) }
    #expect(try scratch.text("metrics.jsonl") == text && said.isEmpty)
    try MetricsFile(path: path).open(resumingAfter: 12) { said.append($0) }
    #expect(try steps() == Array(1...12))
    #expect(try scratch.text("metrics.jsonl.set-aside") == json(19))
    #expect(said.count == 1 && said[0].contains("1 line ") && said[0].contains("set-aside"), "\(said)")
  }

  @Test func whatIsNotUnderstoodIsKept() throws {
    func json(_ step: Int) -> String { MetricsLine.json(record(step: step)) + "\n" }
    let strange = ["# a note\n", "{\"step\":-4}\n", "\0\0\0\n"]
    let text = json(1) + strange[0] + json(2) + strange[1] + json(3) + strange[2] + json(4) + "{\"step\":5,\"ep"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    var said: [String] = []
    try MetricsFile(path: path).open(resumingAfter: 3) { said.append($0) }
    #expect(try steps() == [1, 2, 3])
    #expect(try scratch.text("metrics.jsonl.set-aside") == strange.joined())
    #expect(said.count == 1 && said[0].contains("3 lines"), "\(said)")
  }

  /// Longer than what is read at once, and without an end.
  @Test func linesAreFoundWhereverPiecesEnd() throws {
    let lines = [3, 1 << 20, 5, (1 << 20) - 5, 0, 700_000, 700_000, 1].map { [UInt8](repeating: 0x61, count: $0) }
    let bytes = Array(lines.joined(separator: [0x0A]))
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    var found: [[UInt8]] = []
    try InputFile(path: path).forEachLine { line, place in
      #expect(Array(bytes[place]) == Array(line))
      found.append(line.last == 0x0A ? line.dropLast() : Array(line))
    }
    #expect(found == lines)
  }

  @Test func nothingToCutLeavesTheFileAlone() throws {
    try run(from: 0, to: 3)
    let before = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    try run(from: 3, to: 4)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == before)
  }

  @Test func errorsNameThePath() throws {
    func failure(_ path: String) -> Failure? {
      do {
        let file = MetricsFile(path: path)
        try file.open(resumingAfter: 0)
        try file.append(record(step: 1))
        return nil
      } catch { return error as? Failure }
    }
    for path in [scratch.file("missing/metrics.jsonl"), scratch.path, "/dev/full"] {
      let found = failure(path)
      #expect(found?.kind == .cannotWrite, "\(path)")
      #expect(found?.location == path)
    }
  }
}
