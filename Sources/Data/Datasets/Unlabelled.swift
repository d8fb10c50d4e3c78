/// Samples without a label in a file that has one for each: −1, as scikit-learn writes it.
///
/// −1 means that where the classes are counted from 0: 0, 1, 2, … and −1. In {−1, 1} it is a class like another.
package enum Unlabelled {
  package static let label: Int32 = -1

  /// Whether −1 stands for no label among these.
  package static func isUsed(in labels: [Int32]) -> Bool {
    labels.contains(label) && labels.contains(0) && labels.allSatisfy { $0 >= label }
  }

  /// The samples that have a label.
  package static func others(in labels: [Int32]) -> [Int] {
    isUsed(in: labels) ? labels.indices.filter { labels[$0] != label } : Array(labels.indices)
  }
}
