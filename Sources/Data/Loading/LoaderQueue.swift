import Diagnostics
import Foundation

/// What the threads of a loader and its consumer agree on: who makes which part of which step, and where.
///
/// A ring of `depth` steps. A step is cut into chunks; threads claim chunks in order, as far ahead as the ring has
/// room. Which thread makes a chunk changes nothing about it.
package final class LoaderQueue: @unchecked Sendable {
  /// A piece of work: chunk `chunk` of step `step`, to be written to ring place `slot`.
  package struct Chunk {
    package var step: Int
    package var chunk: Int
    package var slot: Int
  }

  private let condition = NSCondition()
  private let steps: Range<Int>
  private let depth: Int
  private let chunks: Int
  // Everything below is guarded by the condition's lock.
  private var next: (step: Int, chunk: Int)
  private var handedOut: Int
  private var pending: [Int]
  private var failures: [(chunk: Int, error: any Error)?]
  private var stopped = false

  package init(steps: Range<Int>, depth: Int, chunks: Int) {
    self.steps = steps
    self.depth = depth
    self.chunks = chunks
    next = (steps.lowerBound, 0)
    handedOut = steps.lowerBound
    pending = Array(repeating: chunks, count: depth)
    failures = Array(repeating: nil, count: depth)
  }

  private func slot(_ step: Int) -> Int { (step - steps.lowerBound) % depth }

  /// For threads: waits for work, and returns nil when there will be none.
  package func claim() -> Chunk? {
    condition.lock()
    defer { condition.unlock() }
    while !stopped, next.step < steps.upperBound, next.step - handedOut >= depth { condition.wait() }
    if stopped || next.step >= steps.upperBound { return nil }
    defer { next = next.chunk + 1 < chunks ? (next.step, next.chunk + 1) : (next.step + 1, 0) }
    return Chunk(step: next.step, chunk: next.chunk, slot: slot(next.step))
  }

  /// For threads: a chunk is there, or could not be made. Of several errors in a step the first chunk's counts.
  package func complete(_ chunk: Chunk, _ error: (any Error)?) {
    condition.lock()
    defer { condition.unlock() }
    if let error, chunk.chunk < failures[chunk.slot]?.chunk ?? chunks {
      failures[chunk.slot] = (chunk.chunk, error)
    }
    pending[chunk.slot] -= 1
    if pending[chunk.slot] == 0 { condition.broadcast() }
  }

  /// For the consumer: waits for the next step. Its error is thrown, now and at every later call.
  package func waitForStep() throws -> (step: Int, slot: Int) {
    condition.lock()
    defer { condition.unlock() }
    guard handedOut < steps.upperBound else {
      throw Failure(.defect, "the loader has no more steps", expected: "steps \(steps)", found: "step \(handedOut)")
    }
    let slot = slot(handedOut)
    while !stopped, pending[slot] > 0 { condition.wait() }
    if stopped { throw Failure(.defect, "the loader was stopped", found: "step \(handedOut)") }
    if let failure = failures[slot] { throw failure.error }
    return (handedOut, slot)
  }

  /// For the consumer: the step's place in the ring is free again.
  package func release() {
    condition.lock()
    defer { condition.unlock() }
    pending[slot(handedOut)] = chunks
    handedOut += 1
    condition.broadcast()
  }

  package func stop() {
    condition.lock()
    defer { condition.unlock() }
    stopped = true
    condition.broadcast()
  }
}
