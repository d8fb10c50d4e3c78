import Tensors

/// Turns gradients into new parameters, in one pass over the whole arena.
///
/// Made for one `ParameterLayout`; the arenas given to `step` must have that layout. A step allocates nothing, runs on
/// the rank's threads, and its result depends neither on their number nor on the number of ranks. The padding between
/// parameters stays zero in the parameters and in the moments, because it is zero in the gradients.
///
/// To resume, set `stepCount` and fill the buffers of `state`: the next step then gives the bits that it would have
/// given without the interruption.
package protocol Optimizer: AnyObject {
  /// Steps done so far.
  var stepCount: Int { get set }

  /// Arena-sized buffers in a fixed order, under PyTorch's names: `exp_avg`, `exp_avg_sq`, `max_exp_avg_sq`,
  /// `momentum_buffer`; `mu` in LARS.
  var state: [(name: String, buffer: AlignedBuffer<Float>)] { get }

  /// One update of `arena.values` from `arena.gradients`, which are only read.
  func step(_ arena: ParameterArena, learningRate: Double)
}
