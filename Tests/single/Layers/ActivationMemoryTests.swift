import Layers
import TestSupport
import Testing

/// Activations and gradients share memory where they do not live at the same time.
@Suite struct ActivationMemoryTests {
  private func workspace() throws -> Workspace {
    let state = try ParameterSet(Sequential([]))
    return try Workspace(
      batch: LocalBatch(), parameters: state.parameters, statistics: state.statistics, isTraining: true,
      convolution: .direct, largestGroup: 0)
  }

  @Test func whatIsReleasedIsTakenAgain() throws {
    let workspace = try workspace()
    let shape = TensorShape(samples: 2, channels: 100)
    let (first, second) = (try workspace.activation(shape), try workspace.activation(shape))
    first.gradients = try workspace.gradientBuffers(shape)
    let places = Set([first.values[0], first.gradients[0], second.values[0]].map(\.pointer))
    #expect(places.count == 3)
    workspace.release(first)
    let (third, fourth) = (try workspace.activation(shape), try workspace.gradientBuffers(shape))
    #expect(Set([second.values[0], third.values[0], fourth[0]].map(\.pointer)) == places)
  }

  /// Layers leave the padding of a channel block as it is.
  @Test func whatHasPaddingIsZeroAndAlone() throws {
    let workspace = try workspace()
    let shape = TensorShape(samples: 2, channels: 20, spatial: [3, 3], layout: .blocked(width: 16))
    let gradients = try workspace.gradientBuffers(shape)
    gradients[0].elements.update(repeating: 1)
    let other = Activation(shape, values: [])
    other.gradients = gradients
    workspace.release(other)
    let padded = try workspace.activation(shape)
    #expect(padded.values[0].elements.allSatisfy { $0 == 0 })
  }
}
