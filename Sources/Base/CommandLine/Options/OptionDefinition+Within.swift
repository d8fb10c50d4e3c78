extension OptionDefinition {
  /// The same option of a target of which this one's target is a part.
  package func within<Whole>(_ path: any WritableKeyPath<Whole, Target> & Sendable) -> OptionDefinition<Whole> {
    OptionDefinition<Whole>(self, within: path)
  }

  private init<Part>(_ option: OptionDefinition<Part>, within path: any WritableKeyPath<Target, Part> & Sendable) {
    name = option.name
    placeholder = option.placeholder
    expected = option.expected
    help = option.help
    defaultText = option.defaultText
    synonyms = option.synonyms
    isFlag = option.isFlag
    (onResume, acrossRanks) = (option.onResume, option.acrossRanks)
    field = FieldAccess(option.field, within: path)
  }
}

extension FieldAccess {
  fileprivate init<Part>(_ field: FieldAccess<Part>, within path: any WritableKeyPath<Target, Part> & Sendable) {
    get = { field.get($0[keyPath: path]) }
    setText = { field.setText(&$0[keyPath: path], $1) }
    setJSON = { field.setJSON(&$0[keyPath: path], $1) }
    (remedy, explain) = (field.remedy, field.explain)
  }
}
