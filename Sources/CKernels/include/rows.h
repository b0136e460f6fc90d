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

/// One step of a cell in training, whose results are kept. Each row of a is the inputs and, behind them, the state before.
/// Panels hold, for every vector of units, the biases and the weights of its gates: LSTM [1 + inputs + hidden][4] vectors in
/// ONNX order; GRU [4] vectors of biases (z, r, the input's and the state's share of h), [inputs][3], [hidden][3].
typedef struct {
  const float *a;
  ptrdiff_t a_stride;
  size_t inputs, hidden, rows;
  const float *panels;
  /// Elements between the panels of two vectors of units.
  ptrdiff_t panel_stride;
  /// LSTM alone.
  const float *_Nullable cell_before;
  ptrdiff_t cell_before_stride;
  /// LSTM: i, o, f, c after activation and the cell; GRU: z, r, h after activation and R·h + its bias.
  float *saved;
  ptrdiff_t saved_stride;
  /// The next state, twice.
  float *h;
  ptrdiff_t h_stride;
  float *y;
  ptrdiff_t y_stride;
} CellTraining;

/// One step back. dh and dy (or NULL) together are the cotangent of the step's state; `gates` takes those of the gates before
/// activation. LSTM: `before` is the cell before and dc, in and out, its cotangent. GRU: `before` is the state before, dc
/// takes the part of its cotangent that bypasses the gates, and `state_gates`, as far apart as `gates`, takes those of R·h.
typedef struct {
  const float *saved;
  ptrdiff_t saved_stride;
  const float *before;
  ptrdiff_t before_stride;
  const float *dh;
  ptrdiff_t dh_stride;
  const float *_Nullable dy;
  ptrdiff_t dy_stride;
  float *dc;
  ptrdiff_t dc_stride;
  float *gates;
  ptrdiff_t gates_stride;
  float *_Nullable state_gates;
  size_t rows, hidden;
} CellGradient;

#define ROW_KERNELS(X)                               \
  X(lstm_training_f32, (const CellTraining *s))      \
  X(gru_training_f32, (const CellTraining *s))       \
  X(lstm_gradient_f32, (const CellGradient *s))      \
  X(gru_gradient_f32, (const CellGradient *s))       \
  X(softmax_weights_f32, (const SoftmaxWeights *s))  \
  X(lstm_step_f32, (const LstmStep *s))              \
  X(gru_step_f32, (const GruStep *s))                \
  X(gru_reset_f32, (const GruStep *s))               \
  X(gru_update_f32, (const GruStep *s))

#pragma clang assume_nonnull end
