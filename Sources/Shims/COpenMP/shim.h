// The OpenMP runtime that oneDNN and OpenBLAS run on (gcc's libgomp). Our kernels run on the same threads, so
// that three pools never fight over the cores. `GOMP_parallel` is what `#pragma omp parallel` compiles to: a
// stable part of libgomp's ABI since gcc 4.9.
#ifndef BT_COPENMP_H
#define BT_COPENMP_H

extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);
extern int omp_get_max_threads(void);
extern int omp_get_num_procs(void);
extern void omp_set_num_threads(int);
extern void omp_set_dynamic(int);
#endif
