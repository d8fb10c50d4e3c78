/// Milliseconds of kernels by shape and method: what a tuner remembers from before and what it measures now.
package protocol KernelTimes {
  /// What the user should know, such as a file that cannot be read.
  var remarks: [String] { get }
  /// Milliseconds by method of a shape and direction; empty where nothing is known.
  subscript(key: String) -> [String: Double] { get }
  /// Keeps milliseconds; an infinite time as a very long one.
  mutating func add(_ key: String, _ new: [String: Double])
  /// Saves everything where the next run finds it, or remarks why that is not possible.
  mutating func save()
}
