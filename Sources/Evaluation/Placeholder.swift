// Filled with the first evaluation.
