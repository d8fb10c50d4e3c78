import Layers
import Tensors
import Training

/// What a rank sees of its host, its libraries and itself; nothing is measured for it, and nobody is asked.
struct RankFacts: Codable, Sendable {
  var host: String
  var processor: Processor
  /// The processors that the launcher has for all ranks of this host together.
  var granted: CPUSet
  /// Fewer cores than those, where a batch system or a container says so.
  var coreLimit: CoreLimit?
  /// The processors that the launcher bound this rank to; all that are granted if it did not.
  var allowed: CPUSet
  /// Where each thread may run; empty where the system does not tell.
  var placement: [CPUSet]
  var threads: Int
  /// Whether the user said how many.
  var threadsAreGiven: Bool
  /// Environment variables that change threads or kernels.
  var variables: [String: String]
  var kernels: KernelTraits
  var blasHasThreadsOfItsOwn: Bool
  var mpi: MPIFacts
  var isRoot: Bool
  var memory: MemoryFacts
  var workingFolder: String
  var interfaces: [NetworkInterface]

  /// Where its threads may run.
  var places: [CPUSet] { placement.isEmpty ? [CPUSet](repeating: allowed, count: threads) : placement }
}

/// A number of cores and who set it.
struct CoreLimit: Codable, Equatable, Sendable {
  var cores: Int
  var name: String
}

/// How a rank came to its MPI.
struct MPIFacts: Codable, Equatable, Sendable {
  /// The library, such as `Open MPI 4.1.4`.
  var library: String
  var compiledFor: String
  var threadLevel: String?
  /// The program that started the rank; nil if none of MPI's or Slurm's did.
  var launcher: String?
  /// Its file.
  var launcherPath: String?
  /// Whether the environment says that there is a job.
  var isLaunched: Bool
  /// Whether `mpirun` is allowed to run as root.
  var allowsRoot: Bool
}

/// Bytes.
struct MemoryFacts: Codable, Equatable, Sendable {
  var ofHost: Int?
  /// What programs can still get.
  var available: Int?
  /// The batch system's or the control group's.
  var limit: Int?
  var limitName: String?
  var resident: Int?
  /// Addresses in use, and how many there may be (`ulimit -v`).
  var addresses: Int?
  var addressLimit: Int?
  /// Room in `/dev/shm`, through which Open MPI's ranks of a host talk.
  var sharedMemory: Int?
}

/// A network interface that is up.
struct NetworkInterface: Codable, Equatable, Sendable {
  var name: String
  /// Mbit/s.
  var megabits: Int

  /// Bytes a second.
  var bytesPerSecond: Double { Double(megabits) * 1e6 / 8 }
  var text: String { megabits % 1000 == 0 ? "\(name) \(megabits / 1000) Gbit/s" : "\(name) \(megabits) Mbit/s" }
}
