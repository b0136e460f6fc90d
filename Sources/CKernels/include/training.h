#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// n elements of one weight with its gradient and up to three moments. Results may lie where the operands do.
typedef struct {
  size_t n;
  const float *gradient;
  const float *weight;
  float *weight_out;
  const float *_Nullable first, *_Nullable second, *_Nullable third;
  float *_Nullable first_out, *_Nullable second_out, *_Nullable third_out;
  /// What gradients are multiplied by, what of the weights is added to them then, and the learning rate.
  float scale, decay, rate;
} UpdateF32;

/// Adam's numbers in one step: m' = m + (g − m)·taken, v' = kept·v + added·g², and the root of v' divided by `root`.
typedef struct {
  float first_taken, second_kept, second_added, root, epsilon;
} MomentsF32;

// update_sgd: v' = kept·v + taken·g, w' = w − rate·v', or − rate·(g + kept·v') if nesterov; without v, w' = w − rate·g.
// update_adam: w' = shrink·w − rate·m'/(√v'/root + epsilon).
// update_rmsprop: s' = kept·s + added·g², a' = a + (g − a)·added if there is a (second), b' = momentum·b + g/(√(s' − a'²) + epsilon)
//   if there is b (third), w' = w − rate·b'.
// update_adagrad: s' = s + g², w' = w − rate·g/(√s' + epsilon).
// lamb_direction: m', v' of Adam; sums += Σw², Σr² of r = m'/correction/(√v'/root + epsilon) + decay·w.
// lamb_step: w' = w − rate·r of the moments as they are.
// blend: y = kept·a + taken·b; a is not read where kept is 0.
// regularize: y = g + square·w + absolute·sign(w).
// square_sum: *sum += Σ x².
#define TRAINING_KERNELS(X)                                                                                  \
  X(update_sgd_f32, (const UpdateF32 *u, float kept, float taken, int32_t nesterov))                         \
  X(update_adam_f32, (const UpdateF32 *u, const MomentsF32 *m, float shrink))                                \
  X(update_rmsprop_f32, (const UpdateF32 *u, float kept, float added, float momentum, float epsilon))        \
  X(update_adagrad_f32, (const UpdateF32 *u, float epsilon))                                                 \
  X(lamb_direction_f32, (const UpdateF32 *u, const MomentsF32 *m, float correction, float decay, double *sums)) \
  X(lamb_step_f32, (const UpdateF32 *u, const MomentsF32 *m, float correction, float decay))                 \
  X(blend_f32, (const float *a, const float *b, float kept, float taken, size_t n, float *y))                \
  X(regularize_f32, (const float *w, const float *g, float square, float absolute, size_t n, float *y))      \
  X(square_sum_f32, (const float *x, size_t n, double *sum))

#pragma clang assume_nonnull end
