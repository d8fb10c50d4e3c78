// The front door: `import BarlowTwinsDistributed` and nothing else. What these modules have beyond it is `package`.
@_exported import CommandLine
@_exported import Configuration
@_exported import DataParallel
@_exported import Datasets
@_exported import Diagnostics
@_exported import Encoders
@_exported import Layers
@_exported import MPI
@_exported import Optimization
@_exported import Reporting
@_exported import RunRecord
@_exported import Tensors
@_exported import Training
@_exported import TwinNetwork
