#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum ReduceCode { reduce_sum, reduce_sum_abs, reduce_sum_square, reduce_max, reduce_min, reduce_product };

/// y = (x − mean)·factor·scale + bias; absent scale is 1, absent bias 0.
typedef struct {
  const float *x;
  float *y;
  size_t n;
  float mean, factor;
  const float *_Nullable scale;
  const float *_Nullable bias;
} NormalizeRowF32;

/// s = x + skip + bias of n elements, y = (s − mean(s)) / √(variance(s) + epsilon) · scale + shift, computed in fp32;
/// `row` has room for s, `sum` becomes s where it is given. Of a root mean square, the mean counts as 0.
typedef struct {
  const uint16_t *x;
  const uint16_t *_Nullable skip;
  const float *_Nullable bias;
  const float *scale;
  const float *_Nullable shift;
  size_t n;
  float epsilon;
  int32_t is_root_mean_square;
  float *row;
  uint16_t *y;
  uint16_t *_Nullable sum;
} LayerNormalBF16;

/// y[c][i] = x[c][i] · (bias + factor · Σ x[j][i]² over channels c − before … c + after)^−beta
typedef struct {
  const float *x;
  float *y;
  ptrdiff_t stride;
  size_t channels, n, before, after;
  float bias, factor, beta;
} LocalResponseF32;

/// The gradient of a row y = (x − mean)/√(variance + epsilon)·scale + bias, or without `centred` of x/√(mean x² + epsilon)·scale.
typedef struct {
  const float *x;
  const float *dy;
  const float *_Nullable scale;
  /// May be dy's memory.
  float *_Nullable dx;
  /// Added to.
  float *_Nullable dscale;
  float *_Nullable dbias;
  size_t n;
  float epsilon;
  int32_t centred;
} NormalizeGradientF32;

// reduce_row: *y = reduction of *y and the n elements at x.
// reduce_columns: y[j] = reduction of y[j] and x[r·stride + j] of all rows r.
// deviation_row: *y += Σ (x − mean)².
// exp_row: y = exp(x − shift), *sum += Σ y; y may be absent.
// softmax_row and softmax_columns: over n elements, and over the rows of n columns.
// affine_row: y = a·x + b. affine_vector: y[i] = a[i]·x[i] + b[i].
// softmax_gradient and softmax_gradient_columns: dx of softmax, or its logarithm, from its result y and dy, which dx may overwrite.
// dot_centred: *sum += Σ (x − mean)·dy. affine_pair: y = a·x + b·z + c.
#define REDUCE_KERNELS(X)                                                                                          \
  X(reduce_row_f32, (const float *x, size_t n, int32_t code, float *y))                                            \
  X(reduce_columns_f32, (const float *x, ptrdiff_t stride, size_t rows, size_t n, int32_t code, float *y))         \
  X(deviation_row_f32, (const float *x, size_t n, float mean, float *y))                                           \
  X(exp_row_f32, (const float *x, float *_Nullable y, size_t n, float shift, float *sum))                          \
  X(softmax_rows_f32, (const float *x, float *y, size_t rows, size_t n, int32_t is_log))                           \
  X(softmax_row_f32, (const float *x, float *y, size_t n, int32_t is_log))                                         \
  X(softmax_columns_f32, (const float *x, float *y, ptrdiff_t stride, size_t rows, size_t n, int32_t is_log))      \
  X(normalize_row_f32, (const NormalizeRowF32 *r))                                                                 \
  X(layer_normal_bf16, (const LayerNormalBF16 *r))                                                                 \
  X(affine_row_f32, (const float *x, float *y, size_t n, float a, float b))                                        \
  X(affine_vector_f32, (const float *x, float *y, size_t n, const float *a, const float *b))                       \
  X(softmax_gradient_f32, (const float *y, const float *dy, float *dx, size_t rows, size_t n, int32_t is_log))     \
  X(softmax_gradient_columns_f32, (const float *y, const float *dy, float *dx, ptrdiff_t stride, size_t rows,      \
                                   size_t n, int32_t is_log))                                                      \
  X(normalize_gradient_f32, (const NormalizeGradientF32 *g))                                                       \
  X(dot_centred_f32, (const float *x, const float *dy, size_t n, float mean, float *sum))                          \
  X(affine_pair_f32, (const float *x, const float *z, float *y, size_t n, float a, float b, float c))              \
  X(local_response_f32, (const LocalResponseF32 *r))

#pragma clang assume_nonnull end
