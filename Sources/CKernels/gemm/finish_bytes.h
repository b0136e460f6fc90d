#pragma once
// Rows of 64 sums to bytes at once. The same bits as `vfinish_i8` gives: limits apply after rounding, which changes
// nothing, because rounding keeps the order.
#if HAS_AVX512
typedef struct {
  vf scale[4], bias[4], output;
  Addend addend;
  __m512i zero, low, high, order;
  __mmask64 mask;
  int has_bias, has_output, has_limits, is_signed, has_residual, form;
} ByteRows;

// Which parts of a finish are there; known when compiling the common ones.
enum { bytes_plain, bytes_residual, bytes_any };

INLINE int byte_form(const ByteRows *k) {
  if (k->has_bias || k->has_limits) return bytes_any;
  if (!k->has_residual) return k->has_output ? bytes_any : bytes_plain;
  return k->addend.has_inner && k->has_output ? bytes_residual : bytes_any;
}

INLINE ByteRows byte_rows(const EpilogueI8 *e, int result, int kind, size_t columns) {
  ByteRows k;
  Quantizer q = quantizer(e, result, kind);
#pragma clang loop unroll(full)
  for (size_t j = 0; j < 4; j++) {
    size_t at = j * LANES, n = columns > at ? columns - at : 0;
    k.scale[j] = n ? vscale_of(e, at, n) : (vf)0.0f;
    k.bias[j] = n ? vbias_of(e, at, n) : (vf)0.0f;
  }
  k.output = q.scale;
  k.addend = addend(e);
  k.zero = _mm512_set1_epi16((int16_t)q.zero);
  k.low = _mm512_set1_epi8((char)(vint(vround(q.low))[0] + q.zero));
  k.high = _mm512_set1_epi8((char)(vint(vround(q.high))[0] + q.zero));
  k.order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  k.mask = columns >= 64 ? ~0ull : (1ull << columns) - 1;
  k.has_bias = e->bias != NULL;
  k.has_output = e->output_scale != 1.0f;
  k.has_limits = e->activation == activation_clip;
  k.is_signed = result == gemm_result_s8;
  k.has_residual = kind == finish_residual;
  k.form = byte_form(&k);
  return k;
}

// The bytes of up to 64 sums; lanes of 128 bits of the result hold four of each vector.
INLINE __m512i finish_bytes(const ByteRows *k, const vi sums[4], __m512i residual, int nv, int form) {
  int has_residual = form == bytes_residual || (form == bytes_any && k->has_residual);
  __m512i v[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    vf x = vfrom(sums[j]) * k->scale[j];
    if (form == bytes_any && k->has_bias) x += k->bias[j];
    if (has_residual) {
      __m128i part = j == 0   ? _mm512_castsi512_si128(residual)
                     : j == 1 ? _mm512_extracti32x4_epi32(residual, 1)
                     : j == 2 ? _mm512_extracti32x4_epi32(residual, 2)
                              : _mm512_extracti32x4_epi32(residual, 3);
      if (form == bytes_residual || k->addend.has_inner) x = vround_inner(x, &k->addend);
      vi addend = ((vi)_mm512_cvtepu8_epi32(part) ^ k->addend.flip) - k->addend.zero;
      x += vfrom(addend) * k->addend.scale;
    }
    if (form == bytes_residual || (form == bytes_any && k->has_output)) x *= k->output;
    // Beyond the integers only upwards: downwards and NaN convert to the least one.
    v[j] = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_set1_ps(1e9f), (__m512)x));
  }
  __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), k->zero);
  __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), k->zero);
  __m512i y = k->is_signed ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high);
  if (form == bytes_any && k->has_limits) {
    y = k->is_signed ? _mm512_max_epi8(y, k->low) : _mm512_max_epu8(y, k->low);
    y = k->is_signed ? _mm512_min_epi8(y, k->high) : _mm512_min_epu8(y, k->high);
  }
  return y;
}

INLINE void finish_byte_row(const ByteRows *k, const vi sums[4], __m512i residual, uint8_t *c, int nv, int form) {
  __m512i y = finish_bytes(k, sums, residual, nv, form);
  _mm512_mask_storeu_epi8(c, k->mask, _mm512_permutexvar_epi32(k->order, y));
}
#endif
