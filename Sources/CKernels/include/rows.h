#pragma once
#include <stddef.h>
#include <stdint.h>

#include "gemm.h"

#pragma clang assume_nonnull begin

/// x = exp(scale · x + mask − largest) over each row, in place, and the reciprocal of each row's sum; strides in elements.
typedef struct {
  float *x;
  ptrdiff_t x_stride;
  size_t rows, columns;
  float scale;
  /// Added to the scaled row; a stride of 0 shares one row.
  const float *_Nullable mask;
  ptrdiff_t mask_stride;
  /// Per row.
  float *reciprocals;
} SoftmaxWeights;

/// One step of an LSTM. gates [rows][4 · hidden] in ONNX order i, o, f, c, summed and biased already.
typedef struct {
  const float *gates;
  ptrdiff_t gates_stride;
  /// More gates to add, or NULL; the same layout.
  const float *_Nullable gates2;
  ptrdiff_t gates2_stride;
  /// 3 · hidden in order i, o, f, or NULL.
  const float *_Nullable peepholes;
  const float *cell_before;
  float *cell;
  float *h;
  ptrdiff_t cell_before_stride, cell_stride, h_stride;
  size_t rows, hidden;
  /// Bound of the gates' absolute values before activation; infinity for none.
  float clip;
  /// f = 1 − i.
  int32_t input_forget;
  /// enum ActivationCode of gates, cell and output with their parameters.
  int32_t activations[3];
  float p0[3], p1[3];
} LstmStep;

/// One step of a GRU in ONNX order z, r, h. x and h hold the input's and the state's share, biased already.
typedef struct {
  const float *x;
  ptrdiff_t x_stride;
  const float *h;
  ptrdiff_t h_stride;
  const float *before;
  ptrdiff_t before_stride;
  /// In `gru_reset`: z and r · before; in `gru_update` z is read.
  float *_Nullable z;
  float *_Nullable reset;
  float *y;
  ptrdiff_t y_stride;
  size_t rows, hidden;
  float clip;
  int32_t activations[2];
  float p0[2], p1[2];
} GruStep;

#define ROW_KERNELS(X)                               \
  X(softmax_weights_f32, (const SoftmaxWeights *s))  \
  X(lstm_step_f32, (const LstmStep *s))              \
  X(gru_step_f32, (const GruStep *s))                \
  X(gru_reset_f32, (const GruStep *s))               \
  X(gru_update_f32, (const GruStep *s))

#pragma clang assume_nonnull end
