#pragma once
typedef uint16_t vh __attribute__((ext_vector_type(LANES)));

// To the nearest bfloat16, halves to even; NaN stays NaN.
INLINE vh vnarrow(vf x) {
  vu bits = (vu)vbits(x);
  vu rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  vu nan = bits >> 16 | 0x40;
  return __builtin_convertvector(x == x ? rounded : nan, vh);
}

INLINE void vstore_half(uint16_t *p, vh v, size_t n) {
  if (n >= LANES) {
    memcpy(p, &v, sizeof v);
  } else {
    for (size_t i = 0; i < LANES; i++)
      if (i < n) p[i] = v[i];
  }
}

// sum + odd·odd + even·even of the pairs in every lane, in that order. Products of bfloat16 are exact in fp32, so every
// instruction set rounds alike.
#if HAS_BF16
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
