/// How sums go across ranks.
public enum Reduction: String, Sendable, CaseIterable {
  /// Along `ReductionTree` on a power of two of ranks, so that the bits do not depend on their number; else like `mpi`.
  case tree
  /// By MPI's own allreduce, whose order depends on the ranks.
  case mpi
}
