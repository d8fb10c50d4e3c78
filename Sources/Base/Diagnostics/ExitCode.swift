/// What an exit code of bt-dist, or of the mpirun or srun that started it, means, and what the scripts in `launch/` do
/// after it.
///
/// `--help` prints from this table. bash has it in `launch/environment`, people in a document; `ExitCodeTests` compares
/// the three.
package struct ExitCode: Sendable {
  /// What a launch script does after an exit code.
  package enum Action: String, Sendable {
    /// The run is done.
    case done
    /// Launches again, from the newest checkpoint.
    case again
    /// Launches again, on other hosts if there are any.
    case lost
    /// Gives up: the same would happen again.
    case stop
  }

  /// The codes as people read them: `126, 127`.
  package let label: String
  /// A phrase without a full stop: `a host was lost`.
  package let meaning: String
  package let action: Action
  private let codes: [ClosedRange<Int32>]

  private init(_ codes: Int32..., meaning: String, action: Action = .stop) {
    label = codes.map { "\($0)" }.joined(separator: ", ")
    self.codes = codes.map { $0...$0 }
    self.meaning = meaning
    self.action = action
  }

  /// Those of `range` that are not in a row above.
  private init(label: String, restOf range: ClosedRange<Int32>, meaning: String, action: Action = .stop) {
    self.label = label
    codes = [range]
    self.meaning = meaning
    self.action = action
  }

  /// The row that holds a code from 0 to 255.
  package init(_ code: Int32) {
    self = Self.table.first { row in row.codes.contains { $0.contains(code) } } ?? Self.unknown
  }

  /// Every code is in one row: the first one that holds it.
  package static let table = [
    ExitCode(0, meaning: "done", action: .done),
    ExitCode(1, meaning: "mpirun was told to end, lost a rank at the start, or refused its options", action: .again),
    ExitCode(2, 8, 13, 126, 127, meaning: "the program could not be started"),
    ExitCode(64, meaning: "a wrong option or configuration, or hosts that are not set up"),
    ExitCode(
      65, meaning: "bad data, a loss that is not finite, checkpoints that are all damaged, or a replay that differs"),
    ExitCode(70, 133, 136, meaning: "a defect of bt-dist or of a library under it"),
    ExitCode(73, meaning: "an output that cannot be written, or a run folder that another launch uses"),
    ExitCode(75, meaning: "interrupted with a checkpoint, or a rank that hangs or was lost", action: .again),
    ExitCode(131, meaning: "the program could not be started, or was told to quit"),
    ExitCode(132, meaning: "the program could not be started, has a defect, or needs a processor with AVX2"),
    ExitCode(153, 159, meaning: "a rank did what the system does not allow"),
    // 128 + the number of the signal that killed a rank or mpirun.
    ExitCode(label: "other 129 … 192", restOf: 129...192, meaning: "a rank was lost", action: .again),
    ExitCode(205, meaning: "a host was lost", action: .lost),
    ExitCode(253, meaning: "a rank had no memory left, says srun"),
    ExitCode(255, meaning: "a host could not be reached", action: .lost),
    unknown,
  ]

  private static let unknown = ExitCode(label: "others", restOf: 0...255, meaning: "unknown")

  /// The codes that bt-dist itself ends with, and their rows: 0 and those of `Failure.Kind`.
  package static let promised: [(code: Int32, row: ExitCode)] = (0...255).compactMap { code in
    code == 0 || Failure.Kind(rawValue: code) != nil ? (code, ExitCode(code)) : nil
  }
}
