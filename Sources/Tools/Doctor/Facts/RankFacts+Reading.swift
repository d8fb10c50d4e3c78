import Foundation
import Host
import MPI
import Tensors
import Training

extension RankFacts {
  /// This rank's, once its threads have been set.
  init(requestedThreads: Int?, _ communicator: Communicator) {
    let environment = ProcessInfo.processInfo.environment
    let launcher = LaunchingProgram.ofProcess
    self.init(host: communicator.host, processor: .ofHost, kernels: .current)
    allowed = ThreadPool.allowed ?? launcher?.allowed ?? processor.all
    granted = allowed.union(launcher?.allowed ?? allowed)
    coreLimit = .current(environment)
    let batchSystems = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "PE_HOSTFILE"]
    permitted = batchSystems.contains { environment[$0] != nil } ? nil : ControlGroup.cpuSet()
    placement = ThreadPool.placement
    threads = ThreadPool.threads
    threadsAreGiven = RankThreads.areGiven(requested: requestedThreads)
    variables = environment.filter { name, _ in
      ["OMP_", "GOMP_", "OPENBLAS_", "GOTO_", "ONEDNN_", "DNNL_"].contains { name.hasPrefix($0) }
    }
    blasHasThreadsOfItsOwn = BLASLibrary.hasThreadsOfItsOwn
    mpi.library = MPILibrary.version
    mpi.compiledFor = MPILibrary.compiledFor
    mpi.threadLevel = MPILibrary.threadLevel
    mpi.libraryPath = MPILibrary.path
    mpi.launcher = launcher?.name
    mpi.launcherPath = launcher?.path
    mpi.isLaunched = Launcher.current != nil
    mpi.allowsRoot = ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"].allSatisfy { environment[$0] == "1" }
    isRoot = geteuid() == 0
    memory = .current
    workingFolder = FileManager.default.currentDirectoryPath
    interfaces = NetworkInterface.all()
  }
}

extension MemoryFacts {
  static var current: MemoryFacts {
    let limit = MemoryLimit.current()
    var addresses = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &addresses) == 0
    var facts = MemoryFacts()
    (facts.ofHost, facts.available) = (ProcessMemory.ofHost, ProcessMemory.availableOnHost)
    (facts.limit, facts.limitName) = (limit?.bytes, limit?.name)
    (facts.resident, facts.addresses) = (ProcessMemory.resident, ProcessMemory.addresses)
    if isKnown, addresses.rlim_cur < 1 << 62 { facts.addressLimit = Int(addresses.rlim_cur) }
    facts.sharedMemory = FreeSpace.bytes(at: "/dev/shm")
    return facts
  }
}

extension NetworkInterface {
  /// Those that are up and know their speed, except the loopback.
  package static func all(root: String = "") -> [NetworkInterface] {
    let folder = root + "/sys/class/net"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      func value(_ file: String) -> String? {
        SystemFile.text("\(folder)/\(name)/\(file)")?.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      guard name != "lo", value("operstate") == "up", let speed = value("speed").flatMap({ Int($0) }), speed > 0 else {
        return nil
      }
      return NetworkInterface(name: name, megabits: speed)
    }
  }
}
