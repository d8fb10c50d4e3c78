// Collectives and losses on real ranks, for Tests/parallel.
