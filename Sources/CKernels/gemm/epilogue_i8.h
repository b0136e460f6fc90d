typedef uint8_t vb __attribute__((ext_vector_type(LANES)));
typedef int8_t vsb __attribute__((ext_vector_type(LANES)));

INLINE void vstore_bytes(uint8_t *p, vi v, size_t n) {
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
    for (size_t i = 0; i < LANES; i++)
      if (i < n) bytes[i] = p[i];
  }
  return is_signed ? __builtin_convertvector((vsb)bytes, vi) : __builtin_convertvector(bytes, vi);
}

// To integers, halves to even, within low...high after `zero` is added; NaN becomes low.
typedef struct {
  vf low, high;  // before zero is added
  vf scale;
  int32_t zero;
} Quantizer;

// With `simple`, a clip before the scale becomes part of the limits, which gives the same bits.
INLINE Quantizer quantizer(const EpilogueI8 *e, int result, int simple) {
  int32_t least = result == gemm_result_s8 ? -128 : 0;
  Quantizer q = {(vf)(float)(least - e->output_zero), (vf)(float)(least + 255 - e->output_zero), vset(e->output_scale),
                 e->output_zero};
  if (simple && e->activation == activation_clip) {
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

// Whether an epilogue has neither operands per row nor an activation beyond clip.
INLINE int vfinishes_simply(const EpilogueI8 *e) {
  return !e->row_scale && !e->residual && (e->activation == activation_none || e->activation == activation_clip);
}

// Scales, activates and stores `n` columns of one row; `sum` is corrected already.
INLINE void vfinish_i8(const EpilogueI8 *e, const Quantizer *q, int result, int simple, vi sum, size_t row, size_t j,
                       size_t n, vf scale, vf bias, void *c, ptrdiff_t c_stride) {
  ptrdiff_t at = (ptrdiff_t)row * c_stride + (ptrdiff_t)j;
  if (result == gemm_result_i32) {
    if (n >= LANES) vstorei((int32_t *)c + at, sum);
    else vstorei_n((int32_t *)c + at, sum, n);
    return;
  }
  vf x = vfrom(sum) * scale;
  if (!simple && e->row_scale) x *= e->row_scale[row];
  x += bias;
  if (!simple && e->residual) {
    ptrdiff_t from = (ptrdiff_t)row * e->residual_stride + (ptrdiff_t)j;
    if (e->residual_type == gemm_result_f32) {
      x += vload_some((const float *)e->residual + from, n);
    } else {
      vi r = vload_bytes((const uint8_t *)e->residual + from, n, e->residual_type == gemm_result_s8);
      x += vfrom(r - e->residual_zero) * e->residual_scale;
    }
  }
  if (!simple) x = vactivate_(x, e->activation, vset(e->p0), vset(e->p1), 1);
  if (result == gemm_result_f32) {
    if (simple && e->activation == activation_clip) x = vclip(x, vset(e->p0), vset(e->p1));
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
