KERNEL(look_up)(const uint8_t *x, uint8_t *y, size_t n, const uint8_t *table) {
  size_t i = 0;
#if HAS_VBMI
  __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  for (; i < n; i += 64) {
    __mmask64 m = n - i >= 64 ? ~0ull : (1ull << (n - i)) - 1;
    __m512i v = _mm512_maskz_loadu_epi8(m, x + i);
    __m512i low = _mm512_permutex2var_epi8(t0, v, t1), high = _mm512_permutex2var_epi8(t2, v, t3);
    _mm512_mask_storeu_epi8(y + i, m, _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), low, high));
  }
  return;
#elif HAS_AVX2
  // A shuffle gives 0 where the top bit of an index is set: part k sees indices less 16·k, and all others lie outside.
  __m256i part[16];
  for (int k = 0; k < 16; k++)
    part[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(table + 16 * k)));
  for (; i + 32 <= n; i += 32) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(x + i)), sum = _mm256_setzero_si256();
    for (int k = 0; k < 16; k++) {
      __m256i at = _mm256_xor_si256(v, _mm256_set1_epi8((char)(16 * k)));
      at = _mm256_adds_epu8(at, _mm256_set1_epi8(0x70));
      sum = _mm256_or_si256(sum, _mm256_shuffle_epi8(part[k], at));
    }
    _mm256_storeu_si256((__m256i *)(void *)(y + i), sum);
  }
#endif
  for (; i < n; i++) y[i] = table[x[i]];
}
