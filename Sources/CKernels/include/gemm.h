#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum ActivationCode {
  activation_none,
  activation_clip,          // min p0, max p1
  activation_leaky_relu,    // slope p0
  activation_sigmoid,
  activation_tanh,
  activation_gelu,
  activation_gelu_tanh,
  activation_silu,
  activation_hard_sigmoid,  // max(0, min(1, p0·x + p1))
  activation_hard_swish,
};

/// y = activation(alpha · accumulator + bias[column] + row_bias[row] + residual[row][column])
typedef struct {
  const float *_Nullable bias;
  const float *_Nullable row_bias;
  const float *_Nullable residual;
  /// The same as bfloat16, for kernels that move bfloat16; one of the two at most.
  const uint16_t *_Nullable residual_half;
  ptrdiff_t residual_stride;
  float alpha, p0, p1;
  int32_t activation;
} EpilogueF32;

/// Where the rows of A are. Without offsets, row r is at a + r·stride. With offsets, row r is `taps` pieces of `depth` elements,
/// piece t at a + offsets[r·offset_stride + t], or at `padding` where that is negative.
/// `depth` elements of a piece are contiguous; strides and offsets are in elements.
typedef struct {
  const void *base;
  ptrdiff_t stride;
  const int32_t *_Nullable offsets;
  ptrdiff_t offset_stride;
  const void *_Nullable padding;
  size_t taps, depth;
} RowSource;

/// rows × columns of C from one panel of B: columns ≤ panel_columns, rows of B b_stride apart, which are read up to a whole
/// vector.
typedef struct {
  RowSource a;
  const float *b;
  ptrdiff_t b_stride;
  float *c;
  ptrdiff_t c_stride;
  size_t rows, columns;
  /// Start from C instead of from zero.
  int32_t accumulate;
  /// Apply the epilogue; otherwise store bare sums.
  int32_t finish;
  EpilogueF32 epilogue;
  /// What will be read next, such as another panel: fetched meanwhile, as far as there is time.
  const void *_Nullable next;
  size_t next_bytes;
} GemmF32;

/// Windows side by side: row p of A reads `span` elements at p · step + l · line for each l < lines.
typedef struct {
  ptrdiff_t step, line;
  size_t lines, span;
} Windows;

/// Whether there are kernels for windows of this size.
static inline int32_t windows_suit(size_t lines, size_t span) {
  return (lines == 3 && (span == 3 || span == 9)) || (lines == 5 && span == 5);
}

enum GemmResult { gemm_result_i32, gemm_result_f32, gemm_result_u8, gemm_result_s8 };

/// A quantized residual is (residual − residual_zero) · residual_scale; an fp32 one has residual_type gemm_result_f32.
/// Where inner_scale is not 0, a sum is first rounded to an integer within inner_low...inner_high and then multiplied by it,
/// before the residual is added.
typedef struct {
  const float *_Nullable scale;      // per column; `scale_step` 0 repeats the first
  const float *_Nullable row_scale;  // per row
  const int32_t *_Nullable bias_i32; // per column, added to the accumulator
  const float *_Nullable bias;       // per column, added after scaling
  const void *_Nullable residual;
  ptrdiff_t residual_stride;
  float residual_scale;
  int32_t residual_zero, residual_type;
  int32_t scale_step;
  float output_scale;  // 1 / scale of the quantized result
  int32_t output_zero;
  int32_t activation;
  float p0, p1;
  float inner_scale, inner_low, inner_high;
} EpilogueI8;

/// Bytes behind the last packed s8 panel that products may read; what they hold changes nothing.
enum PanelSlack { panel_slack = 4096 };

/// Integer product of u8 or s8 rows with a packed s8 panel [taps·depth4/4][columns rounded up to lanes][4].
/// accumulator = Σ (a − a_zero)·(b − b_zero), exact modulo 2³².
typedef struct {
  RowSource a;
  const int8_t *b;
  void *c;
  ptrdiff_t c_stride;
  size_t rows, columns;
  /// A is s8 (otherwise u8).
  int32_t a_signed;
  /// enum GemmResult
  int32_t result;
  /// Zero points in A's own type; `a_zeros` per row overrides `a_zero`.
  int32_t a_zero;
  const int32_t *_Nullable a_zeros;
  /// Zero points of packed B per column, or NULL when all are 0.
  const int32_t *_Nullable b_zeros;
  /// Σ over k of packed B, per column.
  const int32_t *b_sums;
  EpilogueI8 epilogue;
  /// As in GemmF32.
  const void *_Nullable next;
  size_t next_bytes;
} GemmI8;

/// Packs rows k × columns n of B (byte strides, any alignment) into panels of `panel_columns`.
typedef struct {
  const void *source;
  ptrdiff_t row_stride, column_stride;
  size_t k, n;
  void *panels;
} PackB;

/// As PackB for bytes, where k is taps pieces of depth; u8 sources are shifted by −128.
typedef struct {
  const void *source;
  ptrdiff_t tap_stride, row_stride, column_stride;
  size_t taps, depth, n;
  int32_t is_unsigned;
  int8_t *panels;
  int32_t *sums;
} PackBI8;

/// As GemmF32 for bfloat16 rows and panels [taps·depth'/2][columns rounded up to lanes][2], where depth' is the depth
/// rounded up to `bf16_depth`; sums in fp32. C is fp32, or bfloat16 where `narrow`.
typedef struct {
  RowSource a;
  const uint16_t *b;
  void *c;
  ptrdiff_t c_stride;
  size_t rows, columns;
  int32_t narrow;
  EpilogueF32 epilogue;
  /// As in GemmF32.
  const void *_Nullable next;
  size_t next_bytes;
} GemmBF16;

/// Packs fp32 B, where k is taps pieces of depth, each filled up with zeros to `padded_depth`; byte strides, any alignment.
typedef struct {
  const void *source;
  ptrdiff_t tap_stride, row_stride, column_stride;
  size_t taps, depth, padded_depth, n;
  uint16_t *panels;
} PackBF16;

/// C [m × n] = Σ over `depth` rows of a [m] times b [n], added to C where `accumulate`; strides in elements.
typedef struct {
  const float *a;
  ptrdiff_t a_stride;
  const float *b;
  ptrdiff_t b_stride;
  float *c;
  ptrdiff_t c_stride;
  size_t m, n, depth;
  int32_t accumulate;
} OuterF32;

#define GEMM_KERNELS(X)                      \
  X(outer_f32, (const OuterF32 *o))          \
  X(gemm_f32, (const GemmF32 *g))            \
  X(narrow_f32, (const GemmF32 *g))          \
  X(stationary_f32, (const GemmF32 *g, const Windows *w)) \
  X(gemm_i8, (const GemmI8 *g))              \
  X(pack_f32, (const PackB *p))              \
  X(pack_i8, (const PackBI8 *p))             \
  X(gemm_bf16, (const GemmBF16 *g))          \
  X(wide_bf16, (const GemmBF16 *g))          \
  X(pack_bf16, (const PackBF16 *p))          \
  X(narrow_bf16, (const float *x, uint16_t *y, size_t n, float factor)) \
  X(pair_bf16, (const uint16_t *x, ptrdiff_t stride, size_t k, size_t padded_k, size_t n, uint16_t *panel, \
                size_t width))             \
  X(pair_rows_bf16, (const uint16_t *x, const int32_t *offsets, size_t k, size_t padded_k, size_t n, \
                     uint16_t *panel, size_t width))

#pragma clang assume_nonnull end
