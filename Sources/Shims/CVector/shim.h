// Vector instructions that Swift's SIMD types do not reach: `.squareRoot()` and comparisons of SIMD16<Float> become loops
// over the lanes. Vectors go through memory, which the optimiser removes: passing them by value would depend on the
// instruction set. Any alignment of 4 bytes.
#ifndef BT_CVECTOR_H
#define BT_CVECTOR_H

typedef float bt_float16 __attribute__((vector_size(64), aligned(4)));
typedef float bt_float8 __attribute__((vector_size(32), aligned(4)));
typedef int bt_int16 __attribute__((vector_size(64), aligned(4)));
typedef int bt_int8 __attribute__((vector_size(32), aligned(4)));
typedef unsigned short bt_ushort16 __attribute__((vector_size(32), aligned(2)));
typedef unsigned short bt_ushort8 __attribute__((vector_size(16), aligned(2)));

/// out[i] = sqrt(in[i]) for i in 0..<16
static inline void bt_sqrt16(const float *in, float *out) {
  *(bt_float16 *)out = __builtin_elementwise_sqrt(*(const bt_float16 *)in);
}

/// x[i] = y[i] unless x[i] > y[i], also where either is not a number.
static inline void bt_max16(float *x, const float *y) {
  const bt_float16 a = *(const bt_float16 *)x, b = *(const bt_float16 *)y;
  const bt_int16 larger = a > b;
  *(bt_int16 *)x = (larger & (bt_int16)a) | (~larger & (bt_int16)b);
}

/// x[i] = 0 where y[i] < 0; where y[i] is not a number x[i] stays.
static inline void bt_zero_where_negative16(float *x, const float *y) {
  *(bt_int16 *)x &= ~(*(const bt_float16 *)y < 0);
}
static inline void bt_zero_where_negative8(float *x, const float *y) {
  *(bt_int8 *)x &= ~(*(const bt_float8 *)y < 0);
}

/// x[i] = 0 where y[i] ≤ 0; where y[i] is not a number x[i] stays.
static inline void bt_zero_unless_positive16(float *x, const float *y) {
  *(bt_int16 *)x &= ~(*(const bt_float16 *)y <= 0);
}
static inline void bt_zero_unless_positive8(float *x, const float *y) {
  *(bt_int8 *)x &= ~(*(const bt_float8 *)y <= 0);
}

/// Begins to bring the line of `p`, which need not be memory of this process, into the second-level cache.
static inline void bt_prefetch(const float *p) { __builtin_prefetch(p, 0, 2); }

/// The newest of the vector instructions that OpenBLAS has kernels for: 512 for AVX-512 as of 2017, 256 for AVX2 with
/// FMA, 0 for neither.
static inline int bt_vector_bits(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return 512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 256;
#endif
  return 0;
}

/// best[i] = x[i] and choice[i] = place where x[i] is larger than best[i] or not a number.
static inline void bt_choose_larger16(float *best, int *choice, const float *x, int place) {
  const bt_float16 a = *(const bt_float16 *)best, b = *(const bt_float16 *)x;
  const bt_int16 wins = (b > a) | (b != b);
  *(bt_int16 *)best = (wins & (bt_int16)b) | (~wins & (bt_int16)a);
  *(bt_int16 *)choice = (wins & place) | (~wins & *(const bt_int16 *)choice);
}
static inline void bt_choose_larger8(float *best, int *choice, const float *x, int place) {
  const bt_float8 a = *(const bt_float8 *)best, b = *(const bt_float8 *)x;
  const bt_int8 wins = (b > a) | (b != b);
  *(bt_int8 *)best = (wins & (bt_int8)b) | (~wins & (bt_int8)a);
  *(bt_int8 *)choice = (wins & place) | (~wins & *(const bt_int8 *)choice);
}

/// out[i] = in[i], which fits into 16 bits.
static inline void bt_narrow16(const int *in, unsigned short *out) {
  *(bt_ushort16 *)out = __builtin_convertvector(*(const bt_int16 *)in, bt_ushort16);
}
static inline void bt_narrow8(const int *in, unsigned short *out) {
  *(bt_ushort8 *)out = __builtin_convertvector(*(const bt_int8 *)in, bt_ushort8);
}
#endif
