typedef uint8_t vb __attribute__((ext_vector_type(LANES)));
typedef int8_t vsb __attribute__((ext_vector_type(LANES)));

INLINE void vstore_bytes(uint8_t *p, vi v, size_t n) {
#if HAS_AVX512
  if (n < LANES) {
    _mm_mask_storeu_epi8(p, (__mmask16)((1u << n) - 1), _mm512_cvtepi32_epi8((__m512i)v));
    return;
  }
#endif
  vb bytes = __builtin_convertvector(v, vb);
  if (n >= LANES) {
    memcpy(p, &bytes, sizeof bytes);
  } else {
    for (size_t i = 0; i < LANES; i++)
      if (i < n) p[i] = bytes[i];
  }
}
INLINE vi vload_bytes(const uint8_t *p, size_t n, int is_signed) {
  vb bytes = (vb)(uint8_t)0;
  if (n >= LANES) {
    memcpy(&bytes, p, sizeof bytes);
  } else {
#if HAS_AVX512
    bytes = (vb)_mm_maskz_loadu_epi8((__mmask16)((1u << n) - 1), p);
#else
    for (size_t i = 0; i < LANES; i++)
      if (i < n) bytes[i] = p[i];
#endif
  }
  return is_signed ? __builtin_convertvector((vsb)bytes, vi) : __builtin_convertvector(bytes, vi);
}

// What an epilogue reads per row.
enum {
  finish_general,
  finish_simple,    // nothing, and no activation beyond clip
  finish_residual,  // as simple, with a quantized residual; the result is quantized
};

// To integers, halves to even, within low...high after `zero` is added; NaN becomes low.
typedef struct {
  vf low, high;  // before zero is added
  vf scale;
  int32_t zero;
} Quantizer;

// If not general, a clip before the scale becomes part of the limits, which gives the same bits.
INLINE Quantizer quantizer(const EpilogueI8 *e, int result, int kind) {
  int32_t least = result == gemm_result_s8 ? -128 : 0;
  Quantizer q = {(vf)(float)(least - e->output_zero), (vf)(float)(least + 255 - e->output_zero), vset(e->output_scale),
                 e->output_zero};
  if (kind && e->activation == activation_clip) {
    vf low = vset(e->p0 * e->output_scale), high = vset(e->p1 * e->output_scale);
    vf least_high = q.low, most_low = q.high;
    q.low = vmin(low > q.low ? low : q.low, most_low);
    q.high = vmax(high < q.high ? high : q.high, least_high);
  }
  return q;
}
INLINE vi vquantize(vf x, const Quantizer *q) {
  x *= q->scale;
  x = x > q->low ? x : q->low;
  x = x < q->high ? x : q->high;
  return vbits(x + 12582912.0f) - (vbits((vf)12582912.0f) - q->zero);
}

INLINE int finish_kind(const EpilogueI8 *e, int result) {
  int is_bytes = result == gemm_result_u8 || result == gemm_result_s8;
  if (e->row_scale || (e->activation != activation_none && e->activation != activation_clip)) return finish_general;
  if (!e->residual) return finish_simple;
  return is_bytes && e->residual_type != gemm_result_f32 ? finish_residual : finish_general;
}
INLINE int vfinishes_simply(const EpilogueI8 *e) { return finish_kind(e, gemm_result_i32) == finish_simple; }

// The inner rounding and the residual of an epilogue, as vectors.
typedef struct {
  vf inner_low, inner_high, inner_scale, scale;
  vi flip, zero;
  int has_inner;
} Addend;
INLINE Addend addend(const EpilogueI8 *e) {
  int is_signed = e->residual_type == gemm_result_s8;
  return (Addend){vset(e->inner_low),
                  vset(e->inner_high),
                  vset(e->inner_scale),
                  vset(e->residual_scale),
                  vseti(is_signed ? 0x80 : 0),
                  vseti(e->residual_zero + (is_signed ? 128 : 0)),
                  e->inner_scale != 0};
}
INLINE vf vround_inner(vf x, const Addend *a) {
  x = x > a->inner_low ? x : a->inner_low;
  x = x < a->inner_high ? x : a->inner_high;
  return vround(x) * a->inner_scale;
}
INLINE vf vadd_residual(vf x, vi bytes, const Addend *a) {
  if (a->has_inner) x = vround_inner(x, a);
  return x + vfrom((bytes ^ a->flip) - a->zero) * a->scale;
}

// Scales, activates and stores `n` columns of one row; `sum` is corrected already.
INLINE void vfinish_i8(const EpilogueI8 *e, const Quantizer *q, const Addend *a, int result, int kind, vi sum,
                       size_t row, size_t j, size_t n, vf scale, vf bias, void *c, ptrdiff_t c_stride) {
  ptrdiff_t at = (ptrdiff_t)row * c_stride + (ptrdiff_t)j;
  if (result == gemm_result_i32) {
    if (n >= LANES) vstorei((int32_t *)c + at, sum);
    else vstorei_n((int32_t *)c + at, sum, n);
    return;
  }
  vf x = vfrom(sum) * scale;
  if (kind == finish_general && e->row_scale) x *= e->row_scale[row];
  x += bias;
  if (kind != finish_simple && e->residual) {
    ptrdiff_t from = (ptrdiff_t)row * e->residual_stride + (ptrdiff_t)j;
    if (kind == finish_general && e->residual_type == gemm_result_f32) {
      if (a->has_inner) x = vround_inner(x, a);
      x += vload_some((const float *)e->residual + from, n);
    } else {
      x = vadd_residual(x, vload_bytes((const uint8_t *)e->residual + from, n, 0), a);
    }
  }
  if (kind == finish_general) x = vactivate_(x, e->activation, vset(e->p0), vset(e->p1), 1);
  if (result == gemm_result_f32) {
    if (kind == finish_simple && e->activation == activation_clip) x = vclip(x, vset(e->p0), vset(e->p1));
    if (n >= LANES) vstore((float *)c + at, x);
    else vstore_n((float *)c + at, x, n);
  } else {
    vstore_bytes((uint8_t *)c + at, vquantize(x, q), n);
  }
}

INLINE vf vscale_of(const EpilogueI8 *e, size_t j, size_t n) {
  if (!e->scale) return (vf)1.0f;
  return e->scale_step ? vload_some(e->scale + j, n) : vset(e->scale[0]);
}
INLINE vf vbias_of(const EpilogueI8 *e, size_t j, size_t n) { return e->bias ? vload_some(e->bias + j, n) : (vf)0.0f; }
