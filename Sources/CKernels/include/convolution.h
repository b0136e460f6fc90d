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

/// As DepthwiseF32 for bfloat16 data; weights and sums are fp32.
typedef struct {
  Window window;
  const uint16_t *x;
  ptrdiff_t x_stride;
  size_t row_begin, row_end, channels;
  const float *weights;
  ptrdiff_t weight_stride;
  uint16_t *y;
  ptrdiff_t y_stride;
  EpilogueF32 epilogue;
} DepthwiseBF16;

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

enum PoolType { pool_f32, pool_bf16, pool_u8, pool_s8 };

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

/// The cotangent of x in pooling of fp32 data. That of a maximum goes to the first of its equals; that of an average, times
/// its reciprocal, to all its positions. dx is added to; all pointers begin at the first of `channels`.
typedef struct {
  /// What was pooled, and the maxima; not read for averages.
  const float *_Nullable x;
  const float *_Nullable y;
  const float *dy;
  const int32_t *offsets;
  size_t taps, pixels, channels;
  ptrdiff_t y_stride;
  const float *_Nullable reciprocals;
  float *dx;
  /// No two windows overlap: dx is set where windows are, not added to.
  int apart;
} PoolGradient;

/// Tiles begin..<begin+count of size × size outputs of 3×3 windows, in order of image, row and column.
typedef struct {
  ptrdiff_t height, width, output_height, output_width, pad_top, pad_left;
  /// 2 or 4.
  ptrdiff_t size;
  size_t begin, count;
} WinogradTiles;

/// v[point][tile][channel] = Bᵀ d B of every tile of x, points (size + 2)² in number. The channels of v are written up to a
/// whole vector.
typedef struct {
  WinogradTiles tiles;
  const float *x;
  ptrdiff_t x_stride;
  size_t channels;
  float *v;
  ptrdiff_t v_stride, point_stride;
} WinogradInput;

/// y = epilogue(Aᵀ s A) of s[point][tile][channel], which is read up to a whole vector of channels. y and the residual begin
/// at the batch's first position.
typedef struct {
  WinogradTiles tiles;
  const float *s;
  ptrdiff_t s_stride, point_stride;
  size_t channels;
  float *y;
  ptrdiff_t y_stride;
  EpilogueF32 epilogue;
} WinogradOutput;

/// u[point][i] = G g Gᵀ of taps[3][3][i], with sums in double; `count` is a multiple of the vector.
typedef struct {
  const float *taps;
  float *u;
  size_t count;
  ptrdiff_t size;
} WinogradWeights;

#define CONVOLUTION_KERNELS(X)                   \
  X(depthwise_f32, (const DepthwiseF32 *d))      \
  X(depthwise_bf16, (const DepthwiseBF16 *d))    \
  X(depthwise_i8, (const DepthwiseI8 *d))        \
  X(winograd_input, (const WinogradInput *w))    \
  X(winograd_output, (const WinogradOutput *w))  \
  X(winograd_weights, (const WinogradWeights *w)) \
  X(pool_maximum, (const Pool *p))               \
  X(pool_average, (const Pool *p))               \
  X(pool_maximum_gradient, (const PoolGradient *p)) \
  X(pool_average_gradient, (const PoolGradient *p))

#pragma clang assume_nonnull end
