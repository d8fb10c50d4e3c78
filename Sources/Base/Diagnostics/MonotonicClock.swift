import Dispatch

/// Seconds of a clock that nobody sets: only differences mean something, and only within a process.
package func monotonicSeconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
