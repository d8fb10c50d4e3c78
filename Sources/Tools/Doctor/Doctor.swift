import Benchmarking
import Configuration
import DataParallel
import Diagnostics
import Foundation
import MPI
import Training

/// `bt-dist doctor`: looks at hosts and ranks as a run would find them, measures what is between them, and says what to
/// mend.
package enum Doctor {
  /// Seconds after which a rank is said to be late; after twice that it is given up.
  private static let patience = 10.0
  /// Bytes a second with which the parameters of a usual network travel in ten seconds.
  private static let leastRateForRun = 8e6

  /// A collective; the result is complete on rank 0.
  ///
  /// - Throws: defects of ours. Everything else is a finding.
  package static func examine(_ options: DoctorConfiguration, _ communicator: Communicator) throws -> Diagnosis {
    var diagnosis = Diagnosis()
    diagnosis.ranks = communicator.size
    let patience = min(patience, options.training.stallTimeout ?? patience)
    communicator.stallWatch?.limit = patience
    do { try examine(options, communicator, &diagnosis) } catch let failure as Failure
      where failure.kind == .interrupted
    {
      // Only this rank knows.
      var finding = Finding(.ranks, failure)
      finding.remedy =
        "see whether those hosts and processes are stopped, swap, or wait for a file system or network that hangs"
      diagnosis.add([finding])
      diagnosis.isCutShort = true
    }
    return diagnosis
  }

  /// What is left to say where some ranks run another program, which may call other collectives.
  package static func report(_ difference: RankDifference, _ communicator: Communicator) -> Diagnosis {
    var diagnosis = Diagnosis()
    diagnosis.ranks = communicator.size
    diagnosis.add([Finding(.program, communicator.otherExecutable(difference))])
    return diagnosis
  }

  private static func examine(
    _ options: DoctorConfiguration, _ communicator: Communicator, _ diagnosis: inout Diagnosis
  ) throws {
    let configuration = options.training
    // What is wrong with the variable, or with limits, is told where the configuration is tried.
    try? RankThreads.configure(requested: configuration.threads)
    communicator.position.place = "gathering what the ranks see of themselves"
    let facts = try communicator.allGather(RankFacts(requestedThreads: configuration.threads, communicator))
    let hosts = HostFacts.grouped(facts)
    diagnosis.hosts = hosts.map(Diagnosis.Host.init)
    if let failure = communicator.joinFailure {
      var finding = Finding(.launcher, failure)
      finding.found = finding.found ?? facts[0].mpi.launcherPath
      diagnosis.add([finding])
    }
    if communicator.rank == 0 {
      diagnosis.mpirun = .find()
      diagnosis.add(
        [
          MPIRunInPath.finding(
            diagnosis.mpirun, library: facts[0].mpi.library,
            isLaunched: facts[0].mpi.isLaunched && communicator.joinFailure == nil, host: facts[0].host)
        ].compactMap { $0 })
    }
    diagnosis.add(LibraryRules(facts: facts, hasJoined: communicator.joinFailure == nil).findings)
    diagnosis.add(hosts.flatMap { PlacementRules(host: $0).findings + MemoryRules(host: $0).findings })

    try examineFolders(configuration, hosts, communicator, &diagnosis)
    let clocks = try ClockOffset.measure(hosts, communicator)
    for (host, clock) in zip(hosts.indices.dropFirst(), clocks) { diagnosis.hosts[host].clock = clock }
    diagnosis.add(clocks.compactMap { $0.finding(root: hosts[0].host) })
    (diagnosis.links, diagnosis.packetLoss) = try PacketLoss.during(hosts, communicator) {
      try LinkMeasurement.links(hosts, communicator)
    }
    let slow = NetworkRules(hosts, diagnosis.links).findings
    // A network that is too slow for what is sent loses some of it.
    diagnosis.add(slow.contains { $0.severity == .warning } ? slow : slow + diagnosis.packetLoss.compactMap(\.finding))

    let dataFindings = try SharedData.findings(configuration, communicator)
    diagnosis.add(dataFindings)
    if dataFindings.isEmpty, !hosts.contains(where: { MemoryRules(host: $0).hasTooLittle }) {
      let slowest = diagnosis.links.map(\.bytesPerSecond).min() ?? .infinity
      guard slowest >= leastRateForRun else {
        diagnosis.add([
          Finding(
            .network, .note, "memory and exchanges at the run's sizes are not looked at: that would take minutes",
            expected: "\(Link.rate(leastRateForRun)) or more", found: Link.rate(slowest),
            remedy: "mend the network first, then call bt-dist doctor again")
        ])
        return
      }
      // Parameters are handed to all ranks before their size is known here.
      communicator.stallWatch?.limit = max(communicator.stallWatch?.limit ?? 0, patience + 1e9 / slowest)
      try examineRun(configuration, hosts, communicator, &diagnosis)
    }
  }

  /// The run folder and the working folder.
  private static func examineFolders(
    _ configuration: TrainingConfiguration, _ hosts: [HostFacts], _ communicator: Communicator,
    _ diagnosis: inout Diagnosis
  ) throws {
    let paths = [configuration.out.isEmpty ? nil : configuration.out, FileManager.default.currentDirectoryPath]
    for path in paths.compactMap({ $0 }) {
      let (folder, failure) = try SharedFolder.look(at: path, hosts, communicator)
      guard !diagnosis.folders.contains(where: { $0.path == folder.path }) else { continue }
      diagnosis.folders.append(folder)
      let differences = folder.findings(root: hosts[0].host)
      let unwritable = [failure.map { Finding(.folder, $0) }].compactMap { $0 }
      if path == configuration.out {
        diagnosis.add(differences + unwritable)
      } else if configuration.out.isEmpty {
        // It stands for a run folder that may still be given.
        diagnosis.add(differences + unwritable.map(\.asWarning))
      } else {
        // Only what is named relative to it is read there.
        diagnosis.add(differences.map(\.asWarning))
      }
    }
  }

  /// Memory and exchanges at the run's sizes.
  private static func examineRun(
    _ configuration: TrainingConfiguration, _ hosts: [HostFacts], _ communicator: Communicator,
    _ diagnosis: inout Diagnosis
  ) throws {
    let probe: RunProbe
    do { probe = try RunProbe(configuration, communicator) } catch let agreed as AgreedFailure {
      diagnosis.add(agreed.failure.all.map { Finding(.configuration, $0) })
      return
    }
    for (index, memory) in probe.memory.enumerated() {
      diagnosis.hosts[index].neededBytes = memory.needed
      diagnosis.add(MemoryRules(host: hosts[index]).findings(memory))
    }
    if let folder = diagnosis.folders.first, configuration.enableCheckpointing {
      let finding = folder.finding(
        checkpointBytes: probe.checkpointBytes, kept: configuration.keepCheckpoints, host: hosts[0].host)
      diagnosis.add([finding].compactMap { $0 })
    }
    // A bucket of gradients travels as often as the ranks can be halved.
    let slowest = diagnosis.links.map(\.bytesPerSecond).min() ?? .infinity
    let seconds = Double(probe.checkpointBytes) * log2(Double(max(2, communicator.size))) / slowest
    communicator.stallWatch?.limit = max(communicator.stallWatch?.limit ?? 0, 5 * seconds)
    diagnosis.run = Diagnosis.Run(
      encoder: configuration.encoder.rawValue, batchSize: probe.batchSize, parameters: probe.parameters,
      checkpointBytes: probe.checkpointBytes, exchanges: try probe.measureExchanges())
  }
}

extension Diagnosis.Host {
  init(_ facts: HostFacts) {
    let first = facts.facts[0]
    host = facts.host
    ranks = facts.ranks
    processor = facts.processor.model
    cores = facts.cores
    coreLimit = facts.coreLimit?.name
    (hardwareThreads, memoryNodes) = (facts.processor.all.count, facts.processor.memoryNodes.count)
    (threads, boundTo) = (facts.facts.map(\.threads), facts.facts.map(\.allowed))
    memory = first.memory
    kernels = first.kernels
    mpi = first.mpi
    (workingFolder, interfaces) = (first.workingFolder, first.interfaces)
  }
}
