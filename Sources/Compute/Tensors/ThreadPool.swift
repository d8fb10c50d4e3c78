internal import COpenBLAS
internal import COpenMP
import Host

/// The threads of this rank: the OpenMP pool that oneDNN and OpenBLAS run on, used by our kernels too.
///
/// Kernels split their work into tasks whose results do not depend on which thread runs them, so the number of
/// threads changes no bit of what is computed here.
public enum ThreadPool {
  /// Threads that a parallel region uses.
  public static var threads: Int { Int(omp_get_max_threads()) }

  /// The processors on which the launcher lets this process run; nil where the system does not tell, and where
  /// `OMP_PROC_BIND` has bound the first thread already.
  package static var allowed: CPUSet? {
    let set = SystemFile.allowedProcessors(of: "self")
    return set?.count == allowedCount ? set : nil
  }

  /// How many there are.
  public static var allowedCount: Int { Int(omp_get_num_procs()) }

  /// Sets the threads of this rank for OpenMP, and so for oneDNN, and for OpenBLAS. Call before the first kernel.
  public static func configure(threads: Int) {
    BLASLibrary.useKernelsOfProcessor()
    omp_set_dynamic(0)
    omp_set_num_threads(Int32(threads))
    openblas_set_num_threads(Int32(threads))
  }

  private struct Job {
    let tasks: Int
    let body: (Range<Int>) -> Void
  }

  /// Calls `body` with contiguous parts of `0..<tasks`, one a thread, and waits for all. Allocates nothing.
  public static func forEachRange(of tasks: Int, _ body: (Range<Int>) -> Void) {
    let used = min(threads, tasks)
    guard used > 1 else {
      if tasks > 0 { body(0..<tasks) }
      return
    }
    withoutActuallyEscaping(body) { body in
      var job = Job(tasks: tasks, body: body)
      withUnsafeMutablePointer(to: &job) { pointer in
        GOMP_parallel(
          { raw in
            let job = raw!.assumingMemoryBound(to: Job.self)
            let thread = Int(omp_get_thread_num())
            let count = Int(omp_get_num_threads())
            let tasks = job.pointee.tasks
            let range = tasks * thread / count..<tasks * (thread + 1) / count
            if !range.isEmpty { job.pointee.body(range) }
          }, pointer, UInt32(used), 0)
      }
    }
  }
}
