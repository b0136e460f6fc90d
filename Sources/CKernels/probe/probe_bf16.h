KERNEL(probe_bf16)(size_t iterations, double *operations) {
  enum { chains = 16 };
  vf acc[chains];
  __m512bh x = (__m512bh)_mm512_set1_epi32(0x3c003c00), y = x;
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) acc[i] = (vf)(float)i;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) acc[i] = (vf)_mm512_dpbf16_ps((__m512)acc[i], x, y);
  }
  vf sum = acc[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum += acc[i];
  // Depends on the sums, so that they are computed.
  *operations = 2.0 * 2 * LANES * chains * (double)iterations + (sum[0] > 1e30f ? 1 : 0);
}
