import Configuration
import DataParallel
import Layers

extension TrainingConfiguration {
  package var convolutionAlgorithm: ConvolutionAlgorithm {
    switch convolution {
    case .auto: .auto
    case .direct: .direct
    case .winograd: .winograd
    }
  }

  var rankReduction: DataParallel.Reduction {
    switch reduction {
    case .tree: .tree
    case .mpi: .mpi
    }
  }
}
