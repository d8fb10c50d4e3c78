import Diagnostics
import Foundation

/// The files of the Debian package `dataset-fashion-mnist`: 60,000 images for training and 10,000 for tests.
package enum FashionMNIST {
  package static let folder = "/usr/share/datasets/fashion-mnist"

  /// Opens the training part without arguments or with `train`, the test part with `test`; others are a
  /// `Failure(.usage)`. A missing file is a `Failure(.data)`.
  package static func open(_ arguments: DataArguments, in folder: String = folder) throws -> any Dataset {
    let files = ["": "train", "train": "train", "test": "t10k"]
    guard let prefix = files[arguments.text] else {
      throw arguments.problem("Fashion-MNIST has no such part", found: arguments.text)
    }
    let paths = ["images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"].map { "\(folder)/\(prefix)-\($0)" }
    if let missing = paths.first(where: { access($0, F_OK) != 0 }) {
      throw Failure(
        .data, "Fashion-MNIST is not installed", at: missing,
        remedy: "run launch/setup, or apt-get install dataset-fashion-mnist, on every host; "
          + "copies in other places are opened with idx:IMAGES,LABELS")
    }
    return try ArrayDataset(name: arguments.spec, views: [IdxFile(path: paths[0])], labels: paths[1])
  }
}

extension DataKind {
  static let fashionMNIST = DataKind(name: "fashion-mnist", form: "fashion-mnist[:test]", takesFiles: false) {
    arguments in
    try FashionMNIST.open(arguments)
  }
}
