#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// range: range[0] = min(range[0], x), range[1] = max(range[1], x) over the finite elements of x.
// histogram: counts[bin] += 1 for each finite x in [−limit, limit]; `bins` bins of equal width. work holds 4·bins zeros, and does again after.
#define STATISTICS_KERNELS(X)                                     \
  X(range_f32, (const float *x, size_t n, float *range))          \
  X(histogram_f32, (const float *x, size_t n, float limit, size_t bins, uint32_t *work, double *counts))

#pragma clang assume_nonnull end
