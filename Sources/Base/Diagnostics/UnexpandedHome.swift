/// A path that begins with `~`: shells expand it only at the start of a word, and outside of quotes.
///
/// To take it as it is would make a folder of that name. Paths mean what they say, so it is refused.
package enum UnexpandedHome {
  package static func isIn(_ path: String) -> Bool { path.hasPrefix("~") }

  package static let remedy = "write $HOME in place of ~, or ./~ for a name that begins with it"
}
