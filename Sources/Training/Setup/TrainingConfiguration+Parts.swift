import Configuration
import Diagnostics
import Layers
import Optimization
import Tensors

extension TrainingConfiguration {
  public var convolutionAlgorithm: ConvolutionAlgorithm {
    switch convolution {
    case .auto: .auto
    case .direct: .direct
    case .winograd: .winograd
    }
  }
}
