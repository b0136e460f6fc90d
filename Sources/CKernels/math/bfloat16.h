#pragma once
typedef uint16_t vh __attribute__((ext_vector_type(LANES)));

// To the nearest bfloat16, halves to even; NaN stays NaN.
INLINE vh vnarrow(vf x) {
#if HAS_BF16 && HAS_NEON
  return __builtin_bit_cast(vh, vcvt_bf16_f32((float32x4_t)x));
#elif HAS_BF16
  return __builtin_bit_cast(vh, _mm512_cvtneps_pbh((__m512)x));
#else
  vu bits = (vu)vbits(x);
  vu rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  vu nan = bits >> 16 | 0x40;
  return __builtin_convertvector(x == x ? rounded : nan, vh);
#endif
}
INLINE vf vwiden(vh x) { return vfloat((vi)(__builtin_convertvector(x, vu) << 16)); }

// As many of the first n elements as fit a vector; other lanes load as 0.
INLINE vf vload_half(const uint16_t *p, size_t n) {
  vh v = (vh)(uint16_t)0;
  if (n >= LANES) {
    memcpy(&v, p, sizeof v);
  } else {
#if HAS_AVX512
    v = __builtin_bit_cast(vh, _mm256_maskz_loadu_epi16((__mmask16)((1u << n) - 1), p));
#else
    for (size_t i = 0; i < LANES; i++)
      if (i < n) v[i] = p[i];
#endif
  }
  return vwiden(v);
}
INLINE void vstore_half(uint16_t *p, vh v, size_t n) {
  if (n >= LANES) {
    memcpy(p, &v, sizeof v);
  } else {
#if HAS_AVX512
    _mm256_mask_storeu_epi16(p, (__mmask16)((1u << n) - 1), __builtin_bit_cast(__m256i, v));
#else
    for (size_t i = 0; i < LANES; i++)
      if (i < n) p[i] = v[i];
#endif
  }
}

// sum + odd·odd + even·even of the pairs in every lane, in that order. Products of bfloat16 are exact in fp32, so every
// instruction set rounds alike.
#if HAS_BF16 && HAS_AVX512
typedef vi Pairs;
INLINE Pairs pairs(vi b) { return b; }
INLINE vf dot2(vf sum, Pairs a, Pairs b) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)(__m512i)a, (__m512bh)(__m512i)b);
}
#else
typedef struct {
  vf odd, even;
} Pairs;
INLINE Pairs pairs(vi b) { return (Pairs){vfloat(b & (int32_t)0xffff0000), vfloat(b << 16)}; }
INLINE vf dot2(vf sum, Pairs a, Pairs b) { return vfma(a.even, b.even, vfma(a.odd, b.odd, sum)); }
#endif
