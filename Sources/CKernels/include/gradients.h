#pragma once
#include <stddef.h>
#include <stdint.h>

#include "convolution.h"

#pragma clang assume_nonnull begin

/// Rows of A and of B that belong together: `count` of each, from these offsets in elements on.
typedef struct {
  int32_t a, b, count;
} RowRun;

/// c[m][n] = Σ a[i][m] · b[i][n] over the rows i of all runs of all images: A transposed times B, both as they lie in
/// memory. `columns` ≤ panel_columns.
typedef struct {
  const float *a, *b;
  ptrdiff_t a_stride, b_stride;
  ptrdiff_t a_image, b_image;
  size_t images;
  const RowRun *runs;
  size_t run_count;
  float *c;
  ptrdiff_t c_stride;
  size_t rows, columns;
  /// Rows of A in pieces of `span` that lie `line` elements apart, where `lines` > 1; a window that `windows_suit`, and
  /// columns ≤ lanes.
  size_t lines, span;
  ptrdiff_t line;
  /// Start from C instead of from zero.
  int32_t accumulate;
} CrossF32;

/// The gradient of a depthwise convolution's weights from output rows row_begin..<row_end of one image:
/// dw[t][c] += Σ_p x[position(p, t)][c] · dy[p][c].
typedef struct {
  Window window;
  const float *x, *dy;
  ptrdiff_t x_stride, y_stride;
  size_t row_begin, row_end, channels;
  float *dw;
  ptrdiff_t dw_stride;
} DepthwiseWeightsF32;

/// The gradient of a depthwise convolution's input rows row_begin..<row_end of one image:
/// dx[q][c] = Σ dy[p][c] · weights[t][c] over all p, t with position(p, t) = q.
typedef struct {
  Window window;
  const float *dy, *weights;
  ptrdiff_t y_stride, weight_stride, output_height;
  size_t row_begin, row_end, channels;
  float *dx;
  ptrdiff_t x_stride;
} DepthwiseInputsF32;

/// Per column of `rows` × `columns`: mean and sum of squared deviations from it.
typedef struct {
  const float *x;
  ptrdiff_t stride;
  size_t rows, columns;
  float *mean, *deviation;
} ColumnMomentsF32;

/// y = clip(scale[c] · x + shift[c] + residual, low, high), by rows.
typedef struct {
  const float *x;
  const float *_Nullable residual;
  const float *scale, *shift;
  float *y;
  size_t rows, columns;
  float low, high;
} ColumnScaleF32;

/// Backward through ColumnScaleF32 and the normalization before it: dz is dy where low < z < high and 0 elsewhere, with
/// z = scale[c] · x + shift[c] + residual.
typedef struct {
  const float *x, *dy;
  const float *_Nullable residual;
  const float *scale, *shift;
  size_t rows, columns;
  float low, high;
  const float *mean;
  /// The sums' kernel adds up Σ dz and Σ dz · (x − mean).
  float *_Nullable sum, *_Nullable product;
  /// The gradient's kernel writes dx = scale[c] · dz + factor[c] · (x − mean[c]) + offset[c] and, where wanted, dz.
  const float *_Nullable factor, *_Nullable offset;
  float *_Nullable dx, *_Nullable dz;
} ColumnGradientF32;

/// y[i] = x[i] · scale, or 0 where a hash of `first` + i and the keys is below `threshold`, which happens with probability
/// threshold / 2³².
typedef struct {
  const float *x;
  float *y;
  size_t n;
  uint32_t first, threshold;
  uint32_t keys[2];
  float scale;
} DropF32;

#define GRADIENT_KERNELS(X)                                  \
  X(cross_f32, (const CrossF32 *g))                          \
  X(depthwise_weights_f32, (const DepthwiseWeightsF32 *d))   \
  X(depthwise_inputs_f32, (const DepthwiseInputsF32 *d))     \
  X(column_moments_f32, (const ColumnMomentsF32 *s))         \
  X(column_scale_f32, (const ColumnScaleF32 *s))             \
  X(column_gradient_sums_f32, (const ColumnGradientF32 *s))  \
  X(column_gradient_f32, (const ColumnGradientF32 *s))       \
  X(drop_f32, (const DropF32 *d))

#pragma clang assume_nonnull end
