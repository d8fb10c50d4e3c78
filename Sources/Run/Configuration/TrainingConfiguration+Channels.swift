import Datasets
import Diagnostics
import Encoders

extension TrainingConfiguration {
  /// Which axis of a sample is its channels. `auto`: the first, and samples that do not look so are refused; `first`: the
  /// first, whatever the samples look like.
  public enum ChannelAxis: String, Sendable, CaseIterable { case auto, first }

  /// Throws for samples that look as if their channels came last, or as if they had none: see `ChannelOrder`.
  ///
  /// A trained encoder need not ask again: it takes only the channels that it was trained with.
  ///
  /// - Parameter input: what looks at the samples; rows of numbers have no channels.
  /// - Parameter reader: its name, for the message.
  package func requireChannelsFirst(_ shape: [Int], seenAs input: Encoder.Input, by reader: String) throws {
    guard channelAxis == .auto, input != .rows, let order = ChannelOrder(suspectedIn: shape) else { return }
    // An encoder of volumes says itself what it lacks.
    guard order == .last || input == .images else { return }
    let (isImage, text) = (shape.count == 3, SampleShape.text(shape))
    let meant = "give \(option: "channel-axis") first if \(shape[0]) channels are meant"
    switch order {
    case .last:
      throw Failure(
        .usage, "the samples look as if their channels came last", at: "\(option: "data")",
        expected: "channels before the extents: \(isImage ? "N×C×H×W" : "N×C×D×H×W")", found: "samples of \(text)",
        remedy: "save numpy.ascontiguousarray(numpy.moveaxis(x, -1, 1)), or \(meant)")
    case .missing:
      throw Failure(
        .usage, "the samples look like volumes without a channel axis, and \(reader) takes images",
        at: "\(option: "data")", expected: "images as N×C×H×W, volumes as N×1×D×H×W", found: "samples of \(text)",
        remedy:
          "for volumes save x[:, None] and choose \(option: "encoder") resnet3d-18 or another for volumes, or \(meant)"
      )
    }
  }
}
