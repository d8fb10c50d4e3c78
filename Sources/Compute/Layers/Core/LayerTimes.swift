import Diagnostics

/// How long a layer's last passes took, in seconds.
///
/// They include everything that it did: a weight gradient that it would have left for later is computed at once while
/// times are taken, so that on several ranks a timed pass may wait longer for sums than others.
package struct LayerTimes: Sendable, Equatable {
  package var forward = 0.0
  package var backward = 0.0
}

/// Takes the times of layers that run one after another.
final class LayerStopwatch {
  private(set) var times: [LayerTimes]
  private var last = 0.0

  init(_ layers: Int) { times = [LayerTimes](repeating: LayerTimes(), count: layers) }

  func start() { last = monotonicSeconds() }

  /// The layer has done its pass.
  func lap(_ pass: WritableKeyPath<LayerTimes, Double>, _ layer: Int) {
    let now = monotonicSeconds()
    times[layer][keyPath: pass] = now - last
    last = now
  }
}
