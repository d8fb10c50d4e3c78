/// Parts of paths. Foundation's, on `NSString`, trap for a path of one character.
extension String {
  /// The folder that a path lies in: `.` for a name alone, `/` in the root. Slashes at the end do not count.
  package var parentFolder: String {
    let path = withoutLastSlashes
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash]).isEmpty ? "/" : String(path[..<slash]).withoutLastSlashes
  }

  /// The last name of a path.
  package var lastName: String { String(withoutLastSlashes.split(separator: "/").last ?? "/") }

  private var withoutLastSlashes: String {
    var path = self
    while path.count > 1, path.last == "/" { path.removeLast() }
    return path
  }
}
