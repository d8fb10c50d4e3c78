import DataParallel
import Datasets
import Diagnostics
import Models
import Training
import TwinNetwork

extension BarlowTwins {
  /// The encoder's features of a data set, without the projector and with running statistics: nidl's `transform`.
  ///
  /// - Parameter view: 0, or 1 for the second of two given views.
  /// - Returns: on every rank, samples × features in the data set's order, whatever its size and the number of ranks.
  public func transform(_ data: any Dataset, view: Int = 0) throws -> FeatureMatrix {
    try communicator.requireSameData(data)
    let extractor = try communicator.together {
      let fitted = try fitted()
      let shape = fitted.sampleShape
      guard data.sampleShape == shape, (0..<data.viewsPerSample).contains(view) else {
        throw Failure(
          .usage, "the samples are not like those that the estimator was fitted to", at: data.name,
          expected: "shape \(shape), a view below \(data.viewsPerSample)",
          found: "shape \(data.sampleShape), view \(view)")
      }
      let extractor = try network(shape).featureExtractor(kernels: fitted.kernels)
      try extractor.state.copy(from: fitted.state)
      return extractor
    }
    let features = try FeatureRun(data, extractor, view: view, communicator).collectEverywhere()
    return FeatureMatrix(features, columns: extractor.features, inputs: DataSpec.files(data.name))
  }

  /// `transform`, and the labels in the same order: nidl's `transform_with_targets`.
  public func transformWithTargets(
    _ data: any Dataset, view: Int = 0
  ) throws -> (features: FeatureMatrix, targets: [Int32]) {
    let targets = try communicator.together {
      guard let labels = data.labels else {
        throw Failure(.usage, "the data set has no labels", at: data.name, remedy: "call transform")
      }
      return labels
    }
    return (try transform(data, view: view), targets)
  }
}
