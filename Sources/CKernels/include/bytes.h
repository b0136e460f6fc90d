#pragma once
#include <stddef.h>
#include <stdint.h>

#include "elementwise.h"

#pragma clang assume_nonnull begin

/// Quantized sums and products: y = saturate(round(r)) + y_zero in its type, where
/// r = (a − a_zero)·a_scale + (b − b_zero)·b_scale, or (a − a_zero)·((b − b_zero)·a_scale) of a product.
/// Scales are those of the operands over that of the result. Strides are as in `binary`.
typedef struct {
  const uint8_t *a;
  const uint8_t *b;
  uint8_t *y;
  RowLoop loop;
  int32_t a_signed, b_signed, y_signed;
  int32_t a_zero, b_zero, y_zero;
  float a_scale, b_scale;
  int32_t is_product;
} CombineBytes;

/// Per position, of a and b with `channels` elements of `width` bytes each: y and z have them in turns, the first and the
/// second halves of both; where `apart` is set, y has the even and z the odd ones of a, then of b. `stride` elements lie
/// between positions of a and b. What is NULL is not made.
typedef struct {
  const uint8_t *a;
  const uint8_t *b;
  uint8_t *_Nullable y;
  uint8_t *_Nullable z;
  size_t positions, channels, stride, width;
  int32_t apart;
} ShuffleSplit;

// `look_up`: y[i] = table[x[i]]; x and y may be the same memory.
// `quantize`: y = saturate(round(x / scale) + zero), halves to even, NaN as the least. `dequantize`: y = (x − zero)·scale.
// `extremes`: the least and the greatest of x and what `low` and `high` hold.
// `shuffle_channels`: per position, elements of `width` bytes from [groups][depth] to [depth][groups].
#define BYTE_KERNELS(X)                                                                                              \
  X(look_up, (const uint8_t *x, uint8_t *y, size_t n, const uint8_t *table))                                         \
  X(quantize, (const float *x, uint8_t *y, size_t n, float scale, int32_t zero, int32_t is_signed))                  \
  X(dequantize, (const uint8_t *x, float *y, size_t n, float scale, int32_t zero, int32_t is_signed))                \
  X(extremes, (const float *x, size_t n, float *low, float *high))                                                   \
  X(combine_bytes, (const CombineBytes *c))                                                                          \
  X(shuffle_split, (const ShuffleSplit *s))                                                                          \
  X(shuffle_channels, (const uint8_t *x, uint8_t *y, size_t positions, size_t groups, size_t depth, size_t width))

#pragma clang assume_nonnull end
