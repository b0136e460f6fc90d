// float16 and bfloat16, computed with as float a block at a time.
enum { half_block = 256 };

INLINE uint32_t bits_of(float x) { return __builtin_bit_cast(uint32_t, x); }
INLINE float float_of(uint32_t x) { return __builtin_bit_cast(float, x); }

INLINE float decode_f16(uint16_t h) {
  uint32_t exponent = h >> 10 & 31, mantissa = h & 1023;
  float tiny = (float)(int32_t)mantissa * 5.9604644775390625e-8f;
  uint32_t normal = (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
  return float_of((exponent == 0 ? bits_of(tiny) : normal) | (uint32_t)(h & 0x8000) << 16);
}
INLINE uint16_t encode_f16(float x) {
  uint32_t a = bits_of(x) & 0x7fffffff, sign = bits_of(x) >> 16 & 0x8000;
  uint32_t normal = (a - (112u << 23) + 0xfff + (a >> 13 & 1)) >> 13;
  // Adding ½ rounds to the unit of the subnormal numbers, 2⁻²⁴.
  uint32_t tiny = bits_of(float_of(a) + 0.5f) - 0x3f000000;
  uint32_t h = a < 0x38800000 ? tiny : normal;
  h = a >= 0x477ff000 ? 0x7c00 : h;
  h = a > 0x7f800000 ? 0x7e00 : h;
  return (uint16_t)(h | sign);
}

INLINE void load_f16(const uint16_t *x, float *y, size_t n) {
  size_t i = 0;
#if HAS_AVX512
  for (; i + 16 <= n; i += 16) _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i))));
#elif HAS_AVX2
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
#elif HAS_NEON
  for (; i + 4 <= n; i += 4) vst1q_f32(y + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x + i))));
#endif
#pragma clang loop vectorize(assume_safety)
  for (size_t j = i; j < n; j++) y[j] = decode_f16(x[j]);
}
INLINE void store_f16(const float *x, uint16_t *y, size_t n) {
  size_t i = 0;
#if HAS_AVX512
  for (; i + 16 <= n; i += 16) _mm256_storeu_si256((__m256i *)(y + i), _mm512_cvtps_ph(_mm512_loadu_ps(x + i), 0));
#elif HAS_AVX2
  for (; i + 8 <= n; i += 8) _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), 0));
#elif HAS_NEON
  for (; i + 4 <= n; i += 4) vst1_u16(y + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(x + i))));
#endif
#pragma clang loop vectorize(assume_safety)
  for (size_t j = i; j < n; j++) y[j] = encode_f16(x[j]);
}

INLINE void load_bf16(const uint16_t *x, float *y, size_t n) {
#pragma clang loop vectorize(assume_safety)
  for (size_t i = 0; i < n; i++) y[i] = float_of((uint32_t)x[i] << 16);
}
INLINE void store_bf16(const float *x, uint16_t *y, size_t n) {
#pragma clang loop vectorize(assume_safety)
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = bits_of(x[i]), even = bits >> 16 & 1;
    y[i] = (uint16_t)((x[i] != x[i] ? bits | 0x400000 : bits + 0x7fff + even) >> 16);
  }
}

INLINE void load_half(int32_t type, const void *x, float *y, size_t n) {
  if (type == scalar_f16) load_f16(x, y, n);
  else load_bf16(x, y, n);
}
INLINE void store_half(int32_t type, const float *x, void *y, size_t n) {
  if (type == scalar_f16) store_f16(x, y, n);
  else store_bf16(x, y, n);
}
