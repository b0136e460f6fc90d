// The vocabulary kernels are written in: clang vector types, so that one body serves every instruction set.
// Comparisons give masks of 0 and −1; `mask ? a : b` selects per lane.
typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));
typedef uint32_t vu __attribute__((ext_vector_type(LANES)));

INLINE vf vload(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void vstore(float *p, vf v) { memcpy(p, &v, sizeof v); }
INLINE vi vloadi(const int32_t *p) {
  vi v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void vstorei(int32_t *p, vi v) { memcpy(p, &v, sizeof v); }
INLINE vf vset(float x) { return (vf)x; }
INLINE vi vseti(int32_t x) { return (vi)x; }
INLINE vi vbits(vf x) { return __builtin_bit_cast(vi, x); }
INLINE vf vfloat(vi x) { return __builtin_bit_cast(vf, x); }

// NaN in x comes through both.
INLINE vf vmax(vf x, vf low) { return x < low ? low : x; }
INLINE vf vmin(vf x, vf high) { return x > high ? high : x; }
INLINE vf vclip(vf x, vf low, vf high) { return vmin(vmax(x, low), high); }

#if HAS_FMA
INLINE vf vfma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
#else  // without the instruction the builtin would call libm once per lane
INLINE vf vfma(vf a, vf b, vf c) { return a * b + c; }
#endif

// To the nearest integer, halves to even; |x| < 2²².
INLINE vf vround(vf x) { return (x + 12582912.0f) - 12582912.0f; }
INLINE vi vint(vf x) { return __builtin_convertvector(x, vi); }
INLINE vf vfrom(vi x) { return __builtin_convertvector(x, vf); }

// The first n lanes, n ≤ LANES; never touches memory behind them. Other lanes load as 0.
INLINE vf vload_n(const float *p, size_t n) {
#if HAS_AVX512
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif HAS_AVX2
  __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (vf)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane));
#else
  vf v = (vf)0.0f;
  for (size_t i = 0; i < LANES; i++)
    if (i < n) v[i] = p[i];
  return v;
#endif
}
INLINE void vstore_n(float *p, vf v, size_t n) {
#if HAS_AVX512
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif HAS_AVX2
  __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane), (__m256)v);
#else
  for (size_t i = 0; i < LANES; i++)
    if (i < n) p[i] = v[i];
#endif
}
INLINE vi vloadi_n(const int32_t *p, size_t n) { return vbits(vload_n((const float *)p, n)); }
INLINE void vstorei_n(int32_t *p, vi v, size_t n) { vstore_n((float *)p, vfloat(v), n); }

// As many of the first n elements as fit a vector.
INLINE vf vload_some(const float *p, size_t n) { return n >= LANES ? vload(p) : vload_n(p, n); }
INLINE vi vloadi_some(const int32_t *p, size_t n) { return n >= LANES ? vloadi(p) : vloadi_n(p, n); }
INLINE void vstore_some(float *p, vf v, size_t n) {
  if (n >= LANES) vstore(p, v);
  else vstore_n(p, v, n);
}

// Modulo 2³².
INLINE vi vmul(vi a, vi b) { return (vi)((vu)a * (vu)b); }
INLINE vi vadd(vi a, vi b) { return (vi)((vu)a + (vu)b); }
