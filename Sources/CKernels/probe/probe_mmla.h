// The peak of products of 2 × 2 sums: PROBE names the kernel, DEPTH the elements of a row that one takes.
KERNEL(PROBE)(size_t iterations, double *operations) {
  enum { chains = 16 };
  Sum acc[chains];
  vi x = (vi)0x01010101, y = x;
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) acc[i] = (Sum)0;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) {
      __asm__ volatile("" : "+w"(x));
      acc[i] = mmla(acc[i], x, y);
    }
  }
  Sum sum = acc[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum += acc[i];
  // Depends on the sums, so that they are computed.
  *operations = 2.0 * 4 * DEPTH * chains * (double)iterations + (sum[0] == 1e30f ? 1 : 0);
}
