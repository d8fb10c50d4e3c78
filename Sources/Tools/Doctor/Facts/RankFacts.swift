import Host
import Layers

/// What a rank sees of its host, its libraries and itself; nothing is measured, and no other rank is asked.
package struct RankFacts: Codable, Sendable {
  package var host: String
  package var processor: Processor
  /// The processors that the launcher has for all ranks of this host together.
  package var granted: CPUSet
  /// Fewer cores than those, where a batch system or a container says so.
  package var coreLimit: CoreLimit?
  /// The processors that a container leaves it; nil where the system does not tell, or a batch system has chosen.
  package var permitted: CPUSet?
  /// The processors that the launcher bound this rank to; all that are granted if it did not.
  package var allowed: CPUSet
  /// Where each thread may run; empty where the system does not tell.
  package var placement: [CPUSet] = []
  package var threads = 1
  /// Whether the user said how many.
  package var threadsAreGiven = false
  /// Environment variables that change threads or kernels.
  package var variables: [String: String] = [:]
  package var kernels: KernelTraits
  package var blasHasThreadsOfItsOwn = false
  package var mpi = MPIFacts()
  package var isRoot = false
  package var memory = MemoryFacts()
  package var workingFolder = "/"
  package var interfaces: [NetworkInterface] = []

  /// A rank of one thread that is not bound.
  package init(host: String, processor: Processor, kernels: KernelTraits) {
    self.host = host
    self.processor = processor
    self.kernels = kernels
    (granted, allowed) = (processor.all, processor.all)
  }

  /// Where its threads may run.
  package var places: [CPUSet] { placement.isEmpty ? [CPUSet](repeating: allowed, count: threads) : placement }
}

/// How a rank came to its MPI.
package struct MPIFacts: Codable, Equatable, Sendable {
  /// The library, such as `Open MPI 4.1.4`.
  package var library = ""
  package var compiledFor = ""
  /// Its file.
  package var libraryPath: String?
  package var threadLevel: String?
  /// The program that started the rank; nil if none of MPI's or Slurm's did.
  package var launcher: String?
  /// Its file.
  package var launcherPath: String?
  /// Whether the environment says that there is a job.
  package var isLaunched = false
  /// Whether `mpirun` is allowed to run as root.
  package var allowsRoot = false

  package init() {}
}

/// Bytes.
package struct MemoryFacts: Codable, Equatable, Sendable {
  package var ofHost: Int?
  /// What programs can still get.
  package var available: Int?
  /// The batch system's or the control group's.
  package var limit: Int?
  package var limitName: String?
  package var resident: Int?
  /// Addresses in use, and how many there may be (`ulimit -v`).
  package var addresses: Int?
  package var addressLimit: Int?
  /// Room in `/dev/shm`, through which Open MPI's ranks of a host talk.
  package var sharedMemory: Int?

  package init() {}
}

/// A network interface that is up.
package struct NetworkInterface: Codable, Equatable, Sendable {
  package var name: String
  /// Mbit/s.
  package var megabits: Int

  package init(name: String, megabits: Int) { (self.name, self.megabits) = (name, megabits) }

  /// Bytes a second.
  package var bytesPerSecond: Double { Double(megabits) * 1e6 / 8 }
  package var text: String { megabits % 1000 == 0 ? "\(name) \(megabits / 1000) Gbit/s" : "\(name) \(megabits) Mbit/s" }
}
