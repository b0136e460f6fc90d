INLINE vi vload_weights(const int16_t *p, size_t n) {
  typedef int16_t vs __attribute__((ext_vector_type(LANES)));
  vs v = (vs)(int16_t)0;
  if (n >= LANES) {
    memcpy(&v, p, sizeof v);
  } else {
    for (size_t i = 0; i < LANES; i++)
      if (i < n) v[i] = p[i];
  }
  return __builtin_convertvector(v, vi);
}

KERNEL(depthwise_i8)(const DepthwiseI8 *d) {
  const EpilogueI8 *e = &d->epilogue;
  Quantizer q = quantizer(e, d->result, 0);
  for (size_t c = 0; c < d->channels; c += LANES) {
    size_t n = d->channels - c;
    vf scale = vscale_of(e, c, n), bias = vbias_of(e, c, n);
    vi bias_i32 = e->bias_i32 ? vloadi_some(e->bias_i32 + c, n) : (vi)0;
    for (size_t p = 0; p < d->pixels; p++) {
      const int32_t *offsets = d->offsets + p * d->taps;
      vi sum = bias_i32;
      for (size_t t = 0; t < d->taps; t++) {
        if (offsets[t] < 0) continue;
        vi x = vload_bytes((const uint8_t *)d->x + offsets[t] + c, n, d->x_signed) - d->x_zero;
        sum = vadd(sum, vmul(x, vload_weights(d->weights + (ptrdiff_t)t * d->weight_stride + c, n)));
      }
      vfinish_i8(e, &q, d->result, 0, sum, p, c, n, scale, bias, d->y, d->y_stride);
    }
  }
}
