typedef struct {
  vi a_flip, b_flip, y_flip, a_zero, b_zero;
  vf a_scale, b_scale;
  Quantizer quantizer;
} Combination;

INLINE void combine_vector(const Combination *k, const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n,
                           int repeats_a, int repeats_b, int is_product) {
  vi p = repeats_a ? vseti(*a) : vload_bytes(a, n, 0), q = repeats_b ? vseti(*b) : vload_bytes(b, n, 0);
  vf u = vfrom((p ^ k->a_flip) - k->a_zero), v = vfrom((q ^ k->b_flip) - k->b_zero);
  vf r = is_product ? u * (v * k->a_scale) : u * k->a_scale + v * k->b_scale;
  vstore_bytes(y, vquantize(r, &k->quantizer) ^ k->y_flip, n);
}

INLINE void combine_rows(const CombineBytes *c, int repeats_a, int repeats_b, int is_product) {
  // s8 as u8, 128 higher.
  int32_t y_zero = c->y_zero + (c->y_signed ? 128 : 0);
  Combination k = {
      .a_flip = vseti(c->a_signed ? 0x80 : 0),
      .b_flip = vseti(c->b_signed ? 0x80 : 0),
      .y_flip = vseti(c->y_signed ? 0x80 : 0),
      .a_zero = vseti(c->a_zero + (c->a_signed ? 128 : 0)),
      .b_zero = vseti(c->b_zero + (c->b_signed ? 128 : 0)),
      .a_scale = vset(c->a_scale),
      .b_scale = vset(c->b_scale),
      .quantizer = {vset((float)-y_zero), vset((float)(255 - y_zero)), (vf)1.0f, y_zero},
  };
  const uint8_t *a = c->a, *b = c->b;
  uint8_t *y = c->y;
  size_t n = c->loop.n;
  for (size_t r = 0; r < c->loop.rows; r++, a += c->loop.step[0], b += c->loop.step[1], y += n) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
      combine_vector(&k, repeats_a ? a : a + i, repeats_b ? b : b + i, y + i, LANES, repeats_a, repeats_b, is_product);
    if (i < n)
      combine_vector(&k, repeats_a ? a : a + i, repeats_b ? b : b + i, y + i, n - i, repeats_a, repeats_b, is_product);
  }
}

#if HAS_AVX512
// Products of rows with the same factors, by columns.
static __attribute__((noinline)) void CAT(scale_columns, ISA)(const CombineBytes *c) {
  EpilogueI8 e = {.output_scale = 1.0f, .output_zero = c->y_zero};
  size_t n = c->loop.n, rows = c->loop.rows;
  ptrdiff_t a_step = c->loop.step[0];
  vi flip = vseti(c->b_signed ? 0x80 : 0), zero = vseti(c->b_zero + (c->b_signed ? 128 : 0));
  __m512i a_flip = _mm512_set1_epi8((char)(c->a_signed ? 0x80 : 0));
  vi a_zero = vseti(c->a_zero + (c->a_signed ? 128 : 0));
  for (size_t j = 0; j < n; j += 64) {
    ByteRows k = byte_rows(&e, c->y_signed ? gemm_result_s8 : gemm_result_u8, finish_simple, n - j);
    for (size_t i = 0; i < 4; i++) {
      size_t at = j + 16 * i;
      vi b = at < n ? vload_bytes(c->b + at, n - at, 0) : (vi)0;
      k.scale[i] = vfrom((b ^ flip) - zero) * vset(c->a_scale);
    }
    const uint8_t *a = c->a + j;
    uint8_t *y = c->y + j;
    for (size_t r = 0; r < rows; r++, a += a_step, y += n) {
      __m512i v = _mm512_xor_si512(_mm512_maskz_loadu_epi8(k.mask, a), a_flip);
      vi x[4] = {(vi)_mm512_cvtepu8_epi32(_mm512_castsi512_si128(v)) - a_zero,
                 (vi)_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, 1)) - a_zero,
                 (vi)_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, 2)) - a_zero,
                 (vi)_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, 3)) - a_zero};
      finish_byte_row(&k, x, _mm512_setzero_si512(), y, 4, bytes_plain);
    }
  }
}
#endif

KERNEL(combine_bytes)(const CombineBytes *c) {
#if HAS_AVX512
  if (c->is_product && c->loop.step[1] == 0 && c->loop.repeat == 0) {
    CAT(scale_columns, ISA)(c);
    return;
  }
#endif
  int repeats_a = c->loop.repeat & repeat_first, repeats_b = c->loop.repeat & repeat_second;
  switch ((c->is_product ? 4 : 0) | (repeats_a ? 2 : 0) | (repeats_b ? 1 : 0)) {
    case 0: combine_rows(c, 0, 0, 0); break;
    case 1: combine_rows(c, 0, 1, 0); break;
    case 2: combine_rows(c, 1, 0, 0); break;
    case 3: combine_rows(c, 1, 1, 0); break;
    case 4: combine_rows(c, 0, 0, 1); break;
    case 5: combine_rows(c, 0, 1, 1); break;
    case 6: combine_rows(c, 1, 0, 1); break;
    default: combine_rows(c, 1, 1, 1); break;
  }
}
