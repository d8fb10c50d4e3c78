import Benchmarking
import Configuration
import Datasets
import Diagnostics
import MPI

/// Whether all ranks can open a run's data, and see the same.
enum SharedData {
  private struct View: Codable {
    /// What all ranks have to have in common; empty where the data cannot be opened.
    var fingerprint = ""
    var text = ""
    var failure = ""
    var remedy: String?
  }

  /// A collective; the same on all ranks. Nothing is looked at where the data are made up.
  static func findings(_ configuration: TrainingConfiguration, _ communicator: Communicator) throws -> [Finding] {
    let specs = [configuration.data] + [configuration.validationSpec].compactMap { $0 }
    return try specs.filter { !$0.hasPrefix(BenchConfiguration.heldData) }.flatMap { try findings($0, communicator) }
  }

  private static func findings(_ spec: String, _ communicator: Communicator) throws -> [Finding] {
    communicator.position.place = "opening the data \(spec)"
    let views = try communicator.allGather(view(spec))
    let hosts = communicator.hosts
    let failed = views.indices.filter { views[$0].fingerprint.isEmpty }
    if let first = failed.first {
      let message = failed.count < views.count ? "some ranks cannot open the data" : "the data cannot be opened"
      return [
        Finding(
          .data, .error, message, at: "\(RankList(failed, hosts)): \(spec)",
          expected: views.first { !$0.fingerprint.isEmpty }.map(\.text), found: views[first].failure,
          remedy: views[first].remedy
            ?? "bring the same files to every host, or put them on a file system that all hosts share")
      ]
    }
    let others = views.indices.filter { views[$0].fingerprint != views[0].fingerprint }
    guard let other = others.first else { return [] }
    let isHidden = views[other].text == views[0].text
    return [
      Finding(
        .data, .error, "the data are not those that rank 0 sees", at: "\(RankList(others, hosts)): \(spec)",
        expected: views[0].text, found: views[other].text + (isHidden ? ", but other contents" : ""),
        remedy: "bring the same files to every host, or put them on a file system that all hosts share")
    ]
  }

  private static func view(_ spec: String) -> View {
    do {
      let dataset = try DataSpec.open(spec)
      return View(fingerprint: try dataset.fingerprint(), text: dataset.summary)
    } catch {
      let failure = error as? Failure ?? Failure(.defect, "\(error)")
      let place = failure.location.map { "\($0): " } ?? ""
      return View(failure: place + failure.message, remedy: failure.remedy)
    }
  }
}
