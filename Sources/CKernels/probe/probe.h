enum { probe_chains = 12 };

KERNEL(probe_f32)(size_t iterations, double *operations) {
  vf acc[probe_chains], x = (vf)0.999999f, y = (vf)1e-7f;
#pragma clang loop unroll(full)
  for (int i = 0; i < probe_chains; i++) acc[i] = (vf)(float)i;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < probe_chains; i++) acc[i] = vfma(acc[i], x, y);
  }
  vf sum = acc[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < probe_chains; i++) sum += acc[i];
  // Depends on the sums, so that they are computed; adds nothing, as they stay small.
  *operations = 2.0 * LANES * probe_chains * (double)iterations + (sum[0] > 1e30f ? 1 : 0);
}

// Without the instruction bfloat16 products run as fp32 ones.
KERNEL(probe_bf16)(size_t iterations, double *operations) { CAT(probe_f32, ISA)(iterations, operations); }

#include "probe_i8.h"
