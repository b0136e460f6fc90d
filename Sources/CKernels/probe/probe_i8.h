// Keeps the compiler from hoisting products whose operands do not change.
INLINE void unknown(Left *a) {
  vi v[sizeof(Left) / sizeof(vi)];
  memcpy(v, a, sizeof v);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
#if defined(__x86_64__)
    __asm__ volatile("" : "+x"(v[i]));
#elif defined(__aarch64__)
    __asm__ volatile("" : "+w"(v[i]));
#endif
  }
  memcpy(a, v, sizeof v);
}

KERNEL(probe_int8)(size_t iterations, double *operations) {
  enum { chains = HAS_VNNI || HAS_DOTPROD ? 12 : 6 };
  vi acc[chains];
  Left x = left((vi)0x01010101);
  Right y = right((vi)0x01010101);
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) acc[i] = (vi)i;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) {
      unknown(&x);
      acc[i] = dot4(acc[i], x, y);
    }
  }
  vi sum = acc[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < chains; i++) sum = vadd(sum, acc[i]);
  // Depends on the sums, so that they are computed.
  *operations = 2.0 * 4 * LANES * chains * (double)iterations + (sum[0] == INT32_MIN ? 1 : 0);
}
