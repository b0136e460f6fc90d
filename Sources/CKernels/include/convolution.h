#pragma once
#include <stddef.h>
#include <stdint.h>

#include "gemm.h"

#pragma clang assume_nonnull begin

/// A two-dimensional window sliding over a channels-last image.
typedef struct {
  ptrdiff_t height, width;
  ptrdiff_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
  ptrdiff_t output_width;
} Window;

/// Output rows row_begin..<row_end of a depthwise convolution: y[p][c] = Σ_t x[position(p, t)][c] · weights[t][c].
/// x, y and the residual begin at their image; strides count elements between positions.
typedef struct {
  Window window;
  const float *x;
  ptrdiff_t x_stride;
  size_t row_begin, row_end, channels;
  const float *weights;
  ptrdiff_t weight_stride;
  float *y;
  ptrdiff_t y_stride;
  EpilogueF32 epilogue;
} DepthwiseF32;

/// accumulator = Σ_t (x − x_zero)·weight, exact; padding adds nothing. As DepthwiseF32 otherwise.
typedef struct {
  Window window;
  const void *x;
  ptrdiff_t x_stride;
  size_t row_begin, row_end, channels;
  /// weights[t][c] with the zero point already subtracted.
  const int16_t *weights;
  ptrdiff_t weight_stride;
  /// The same of a 3×3 or 5×5 window where they fit 8 bits, or NULL: [⌈channels/64⌉][kernel column][⌈kernel rows/4⌉][4][4]
  /// [4 channels][4 kernel rows], channel 16·l + 4·q + d of a block at [q][l][d], rows beyond the last 0.
  const int8_t *_Nullable weights4;
  void *y;
  ptrdiff_t y_stride;
  int32_t x_signed, x_zero;
  /// enum GemmResult
  int32_t result;
  EpilogueI8 epilogue;
} DepthwiseI8;

enum PoolType { pool_f32, pool_u8, pool_s8 };

/// Pooling of `pixels` output positions over `taps` input positions each; negative offsets are skipped.
typedef struct {
  const void *x;
  const int32_t *offsets;
  size_t taps, pixels, channels;
  void *y;
  ptrdiff_t y_stride;
  /// Per output position 1 / (number of averaged positions).
  const float *_Nullable reciprocals;
  /// enum PoolType
  int32_t type;
  /// Averages of integers: y = round(mean(x − x_zero)·scale) + y_zero.
  float scale;
  int32_t x_zero, y_zero;
} Pool;

#define CONVOLUTION_KERNELS(X)                   \
  X(depthwise_f32, (const DepthwiseF32 *d))      \
  X(depthwise_i8, (const DepthwiseI8 *d))        \
  X(pool_maximum, (const Pool *p))               \
  X(pool_average, (const Pool *p))

#pragma clang assume_nonnull end
