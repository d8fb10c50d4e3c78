// Vector instructions that Swift's SIMD types do not reach: `.squareRoot()` on SIMD16<Float> becomes 16 scalar calls.
#ifndef BT_CVECTOR_H
#define BT_CVECTOR_H

typedef float bt_float16 __attribute__((vector_size(64), aligned(4)));

/// out[i] = sqrt(in[i]) for i in 0..<16; any alignment of 4 bytes.
static inline void bt_sqrt16(const float *in, float *out) {
  *(bt_float16 *)out = __builtin_elementwise_sqrt(*(const bt_float16 *)in);
}
#endif
