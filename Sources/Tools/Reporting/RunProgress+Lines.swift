extension RunProgress {
  /// The progress bar: one line of at most `width` characters, ASCII only.
  ///
  /// `epoch 3/20 [=======>      ] 45% 450/1000  loss 812.30  61% to floor  1234 samples/s  ETA 12:34`
  /// In a narrow terminal the bar shrinks to ten characters; then parts go, the least useful first.
  package func bar(width: Int) -> String {
    let hasSteps = record.step > summary.firstStep
    var parts = [
      Part("epoch \(epochText)", rank: 4),
      Part("", rank: 3, isBar: true),
      Part("\(Wording.percent(fraction)) \(stepText)", rank: 7),
    ]
    if hasSteps {
      parts.append(Part("loss \(Wording.number(record.loss))", rank: 6))
      parts.append(Part("\(Wording.percent(record.progress)) to floor", rank: 2))
    }
    if let validation { parts.append(Part("val \(Wording.number(validation.loss.loss))", rank: 4)) }
    if let samplesPerSecond { parts.append(Part("\(Wording.rate(samplesPerSecond)) samples/s", rank: 1)) }
    if let secondsLeft, !isLastStep { parts.append(Part("ETA \(Wording.duration(secondsLeft))", rank: 5)) }

    while parts.count > 1, Self.length(of: parts) > width {
      let least = parts.indices.min { parts[$0].rank < parts[$1].rank }
      parts.remove(at: least ?? 0)
    }
    let spare = width - Self.length(of: parts)
    for index in parts.indices where parts[index].isBar {
      parts[index].text = Self.drawing(fraction, inner: 8 + min(spare, 32))
    }
    return String(parts.map(\.text).joined(separator: "  ").prefix(max(0, width)))
  }

  private struct Part {
    var text: String
    /// The parts with the lowest rank go first.
    var rank: Int
    var isBar: Bool

    init(_ text: String, rank: Int, isBar: Bool = false) {
      self.text = text
      self.rank = rank
      self.isBar = isBar
    }
  }

  /// With the shortest bar.
  private static func length(of parts: [Part]) -> Int {
    parts.reduce(2 * (parts.count - 1)) { $0 + ($1.isBar ? 10 : $1.text.utf8.count) }
  }

  private static func drawing(_ fraction: Double, inner: Int) -> String {
    let filled = Int((fraction * Double(inner)).rounded(.down))
    let done = String(repeating: "=", count: filled)
    let head = filled < inner ? ">" : ""
    return "[" + done + head + String(repeating: " ", count: max(0, inner - filled - 1)) + "]"
  }

  /// A line of the plain log.
  package var line: String {
    var parts = [
      "step \(stepText)", "epoch \(epochText)", "loss \(Wording.number(record.loss))",
      "\(Wording.percent(record.progress)) to floor", "lr \(Wording.number(record.learningRate, digits: 4))",
      "grad norm \(Wording.number(record.gradNorm, digits: 4))",
    ]
    if record.deadFeatures > 0 { parts.append("\(record.deadFeatures) dead features") }
    if let samplesPerSecond { parts.append("\(Wording.rate(samplesPerSecond)) samples/s") }
    if let secondsLeft, !isLastStep { parts.append("ETA \(Wording.duration(secondsLeft))") }
    return parts.joined(separator: "  ")
  }
}
