#pragma once
#include <stddef.h>
#include <stdint.h>

// Each runs `iterations` rounds of independent multiply-adds and reports operations (2 per multiply-add) in *operations.
#define PROBE_KERNELS(X)                                       \
  X(probe_f32, (size_t iterations, double *operations))        \
  X(probe_bf16, (size_t iterations, double *operations))       \
  X(probe_int8, (size_t iterations, double *operations))
