/// Whether a sample's shape looks as if its first axis were not its channels.
///
/// Samples are C×H×W and C×D×H×W. A network trains on any numbers, so that a forgotten transpose, or a missing axis,
/// would pass unseen. Both are judged by the shape alone:
///
/// * channels last: an image or a volume whose last axis is 1 to 4, and whose other axes are at least 8: 32×32×3;
/// * no channel axis: three axes of at least 8, of which the longest is less than twice the shortest: 121×145×121.
///
/// So images with 1 to 7 channels pass, and those with many channels where these are at least twice as many as the
/// extents, or at most half: 200×11×11 and 12×120×120.
package enum ChannelOrder: Sendable, Equatable {
  case last, missing

  private static let mostLastChannels = 4
  private static let smallestExtent = 8

  /// nil for a shape that looks as it should.
  package init?(suspectedIn shape: [Int]) {
    guard shape.count >= 3, let last = shape.last else { return nil }
    let others = shape.dropLast()
    guard others.allSatisfy({ $0 >= Self.smallestExtent }) else { return nil }
    if last <= Self.mostLastChannels {
      self = .last
    } else if shape.count == 3, last >= Self.smallestExtent, let longest = shape.max(), let shortest = shape.min(),
      longest < 2 * shortest
    {
      self = .missing
    } else {
      return nil
    }
  }
}
