import Foundation

extension [Finding] {
  /// Findings that differ only in their place, as on hosts that are alike, become one: its place is all of theirs.
  package var merged: [Finding] {
    grouped { finding in
      var anywhere = finding
      anywhere.location = nil
      return anywhere
    }.map { finding, all in
      var merged = finding
      let places = all.compactMap(\.location)
      merged.location = places.isEmpty ? nil : places.joined(separator: Finding.betweenPlaces)
      return merged
    }
  }
}

extension Finding {
  static let betweenPlaces = "; "

  /// At most four of its places, and the number of the rest.
  var placeText: String? {
    guard let location else { return nil }
    let places = location.components(separatedBy: Self.betweenPlaces)
    return places.count <= 4
      ? location : places.prefix(3).joined(separator: Self.betweenPlaces) + " and \(places.count - 3) more"
  }
}
