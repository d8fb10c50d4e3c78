extension TensorShape.Layout {
  /// What convolutions give on this processor.
  package static var channelBlocks: Self { .blocked(width: OneDNN.shared.channelBlock) }
}
