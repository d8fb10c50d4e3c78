extension CommandDefinition {
  /// The options that all ranks must have in common, and their values, as the command line spells both.
  package func sharedOptions(_ options: Target) -> [(name: String, value: String)] {
    self.options.filter { $0.acrossRanks == .mustMatch }.map { ("--\($0.name)", $0.text(in: options)) }
  }
}

extension CommandAction {
  /// What a call asks for, in a word or two.
  package var purpose: String {
    switch self {
    case .help: "--help"
    case .printConfiguration: "--print-config"
    case .run: "a run"
    }
  }
}
