import Host

extension ThreadPool {
  /// Where each thread of this rank may run, as `OMP_PROC_BIND` and the launcher place it; empty where the system does
  /// not tell.
  package static var placement: [CPUSet] {
    let sets = AlignedSets(threads)
    forEachRange(of: threads) { range in
      let own = SystemFile.allowedProcessors(of: "thread-self")
      for thread in range { sets.values[thread] = own }
    }
    let known = (0..<threads).compactMap { sets.values[$0] }
    return known.count == threads ? known : []
  }

  /// One place for each thread to write to.
  private final class AlignedSets {
    let values: UnsafeMutablePointer<CPUSet?>
    private let count: Int

    init(_ count: Int) {
      self.count = count
      values = .allocate(capacity: count)
      values.initialize(repeating: nil, count: count)
    }

    deinit { values.deinitialize(count: count).deallocate() }
  }
}
