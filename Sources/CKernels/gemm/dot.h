// accumulator += Σ of four products u8 · s8 in every 32-bit lane, exact modulo 2³².
// `Left` is what a lane of A becomes before it meets B, `Right` what a vector of B becomes.
#if HAS_VNNI
typedef vi Left;
typedef vi Right;
INLINE Left left(vi a) { return a; }
INLINE Right right(vi b) { return b; }
INLINE vi dot4(vi acc, Left a, Right b) {
  return (vi)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)a, (__m512i)b);
}
#elif HAS_AVX2
// Even and odd bytes as 16-bit pairs: `maddubs` would saturate.
typedef struct {
  vi even, odd;
} Left;
typedef Left Right;
#if HAS_AVX512
#define WIDE(op) _mm512_##op
typedef __m512i Wide;
#else
#define WIDE(op) _mm256_##op
typedef __m256i Wide;
#endif
INLINE Left left(vi a) {
  return (Left){a & 0x00ff00ff, (vi)WIDE(srli_epi16)((Wide)a, 8)};
}
INLINE Right right(vi b) {
  return (Right){(vi)WIDE(srai_epi16)(WIDE(slli_epi16)((Wide)b, 8), 8), (vi)WIDE(srai_epi16)((Wide)b, 8)};
}
INLINE vi dot4(vi acc, Left a, Right b) {
  vi even = (vi)WIDE(madd_epi16)((Wide)a.even, (Wide)b.even);
  vi odd = (vi)WIDE(madd_epi16)((Wide)a.odd, (Wide)b.odd);
  return (vi)WIDE(add_epi32)((Wide)acc, WIDE(add_epi32)((Wide)even, (Wide)odd));
}
#undef WIDE
#elif HAS_I8MM
typedef vi Left;
typedef vi Right;
INLINE Left left(vi a) { return a; }
INLINE Right right(vi b) { return b; }
INLINE vi dot4(vi acc, Left a, Right b) {
  return (vi)vusdotq_s32((int32x4_t)acc, (uint8x16_t)a, (int8x16_t)b);
}
#elif HAS_DOTPROD
// s8 · s8; the 128 that A lost comes back through the sums of B.
#define DOT_OFFSET 128
typedef vi Left;
typedef vi Right;
INLINE Left left(vi a) { return a ^ (int32_t)0x80808080; }
INLINE Right right(vi b) { return b; }
INLINE vi dot4(vi acc, Left a, Right b) {
  return (vi)vdotq_s32((int32x4_t)acc, (int8x16_t)a, (int8x16_t)b);
}
#else
typedef struct {
  vu byte[4];
} Left;
typedef Left Right;
INLINE Left left(vi a) {
  vu u = (vu)a;
  return (Left){{u & 255, u >> 8 & 255, u >> 16 & 255, u >> 24}};
}
INLINE Right right(vi b) {
  vu u = (vu)b;
  return (Right){{(vu)((vi)(u << 24) >> 24), (vu)((vi)(u << 16) >> 24), (vu)((vi)(u << 8) >> 24), (vu)(b >> 24)}};
}
INLINE vi dot4(vi acc, Left a, Right b) {
  vu sum = (vu)acc;
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) sum += a.byte[i] * b.byte[i];
  return (vi)sum;
}
#endif
#ifndef DOT_OFFSET
#define DOT_OFFSET 0
#endif
