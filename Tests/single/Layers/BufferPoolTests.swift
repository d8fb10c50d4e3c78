import Layers
import Tensors
import TestSupport
import Testing

/// Gradients share memory where they do not live at the same time.
@Suite struct BufferPoolTests {
  private func workspace() throws -> Workspace {
    let state = try ParameterSet(Sequential([]))
    return Workspace(
      batch: LocalBatch(), parameters: state.parameters, statistics: state.statistics, isTraining: true,
      convolution: .direct, largestGroup: 0)
  }

  @Test func theSmallestFreeBufferThatIsLargeEnoughIsTaken() throws {
    let workspace = try workspace()
    func take(_ features: Int) -> Activation {
      let activation = Activation(TensorShape(samples: 1, channels: features), values: [])
      activation.gradients = workspace.gradientBuffers(activation.shape)
      return activation
    }
    let (large, middle) = (take(100), take(60))
    let places = [large, middle].map { $0.gradients[0].pointer }
    #expect(places[0] != places[1])
    workspace.release(large)
    workspace.release(middle)
    let (first, second, third) = (take(50), take(61), take(40))
    #expect(first.gradients[0].pointer == places[1] && first.gradients[0].count == 50)
    #expect(second.gradients[0].pointer == places[0] && second.gradients[0].count == 61)
    #expect(!places.contains(third.gradients[0].pointer) && third.gradients[0].count == 40)
    // Given back, they are whole again.
    workspace.release(second)
    #expect(take(100).gradients[0].pointer == places[0])
  }
}
