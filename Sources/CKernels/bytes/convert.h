// x / scale, rounded once, by its correctly rounded reciprocal and what is left (Markstein, 1990); where the quotient exceeds
// 2²⁴, something beyond that.
INLINE vf vquotient(vf x, vf scale, vf reciprocal) {
  vf q = vclip(x * reciprocal, (vf)-16777216.0f, (vf)16777216.0f);
  return vfma(vfma(-q, scale, x), reciprocal, q);
}

#if HAS_AVX512
// 64 at a time; conversions to integers and packing saturate. Beyond the integers only upwards: downwards and NaN convert to
// the least one.
INLINE size_t quantize_blocks(const float *x, uint8_t *y, size_t n, vf scale, int32_t zero, int32_t is_signed) {
  vf reciprocal = 1.0f / scale;
  __m512i zeros = _mm512_set1_epi16((int16_t)zero);
  __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    __m512i v[4];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 4; j++)
      v[j] = _mm512_cvtps_epi32(
          _mm512_min_ps(_mm512_set1_ps(1e9f), (__m512)vquotient(vload(x + i + j * LANES), scale, reciprocal)));
    __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), zeros);
    __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), zeros);
    __m512i bytes = is_signed ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high);
    _mm512_storeu_si512(y + i, _mm512_permutexvar_epi32(order, bytes));
  }
  return i;
}
#endif

KERNEL(quantize)(const float *x, uint8_t *y, size_t n, float scale, int32_t zero, int32_t is_signed) {
  float least = (float)((is_signed ? -128 : 0) - zero);
  Quantizer q = {vset(least), vset(least + 255), (vf)1.0f, zero};
  size_t i = 0;
#if HAS_FMA
  // Where neither the reciprocal nor what is left can underflow.
  if (scale > 0x1p-80f && scale < 0x1p80f) {
#if HAS_AVX512
    i = quantize_blocks(x, y, n, vset(scale), zero, is_signed);
#endif
    vf reciprocal = 1.0f / vset(scale);
    for (; i < n; i += LANES)
      vstore_bytes(y + i, vquantize(vquotient(vload_some(x + i, n - i), vset(scale), reciprocal), &q), n - i);
    return;
  }
#endif
  for (; i < n; i += LANES)
    vstore_bytes(y + i, vquantize(vload_some(x + i, n - i) / vset(scale), &q), n - i);
}

KERNEL(dequantize)(const uint8_t *x, float *y, size_t n, float scale, int32_t zero, int32_t is_signed) {
  // s8 as u8, 128 higher.
  vi flip = vseti(is_signed ? 0x80 : 0), shift = vseti(zero + (is_signed ? 128 : 0));
  for (size_t i = 0; i < n; i += LANES)
    vstore_some(y + i, vfrom((vload_bytes(x + i, n - i, 0) ^ flip) - shift) * vset(scale), n - i);
}

KERNEL(extremes)(const float *x, size_t n, float *low, float *high) {
  vf least[4], most[4];
  for (int j = 0; j < 4; j++) {
    least[j] = vset(*low);
    most[j] = vset(*high);
  }
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES)
    for (int j = 0; j < 4; j++) {
      vf v = vload(x + i + (size_t)j * LANES);
      least[j] = v < least[j] ? v : least[j];
      most[j] = v > most[j] ? v : most[j];
    }
  for (; i < n; i++) {
    if (x[i] < *low) *low = x[i];
    if (x[i] > *high) *high = x[i];
  }
  for (int j = 0; j < 4; j++)
    for (int lane = 0; lane < LANES; lane++) {
      if (least[j][lane] < *low) *low = least[j][lane];
      if (most[j][lane] > *high) *high = most[j][lane];
    }
}
