// One output position of `count` vectors of channels at c; `tail` lanes in the last one.
INLINE void depthwise_pixel_f32(const DepthwiseF32 *d, size_t pixel, size_t c, int count, size_t tail) {
  const EpilogueF32 *e = &d->epilogue;
  const int32_t *offsets = d->offsets + pixel * d->taps;
  vf acc[4];
#pragma clang loop unroll(full)
  for (int j = 0; j < count; j++) acc[j] = (vf)0.0f;
  for (size_t t = 0; t < d->taps; t++) {
    if (offsets[t] < 0) continue;
    const float *x = d->x + offsets[t] + c, *w = d->weights + (ptrdiff_t)t * d->weight_stride + c;
#pragma clang loop unroll(full)
    for (int j = 0; j < count; j++) {
      if (j < count - 1 || tail == LANES) acc[j] = vfma(vload(x + j * LANES), vload(w + j * LANES), acc[j]);
      else acc[j] = vfma(vload_n(x + j * LANES, tail), vload_n(w + j * LANES, tail), acc[j]);
    }
  }
  float *y = d->y + (ptrdiff_t)pixel * d->y_stride + c;
  const float *residual = e->residual ? e->residual + (ptrdiff_t)pixel * e->residual_stride + c : NULL;
#pragma clang loop unroll(full)
  for (int j = 0; j < count; j++) {
    size_t n = j < count - 1 ? LANES : tail;
    vf v = acc[j] * e->alpha;
    if (e->bias) v += vload_some(e->bias + c + j * LANES, n);
    if (residual) v += vload_some(residual + j * LANES, n);
    v = vactivate_(v, e->activation, vset(e->p0), vset(e->p1), 0);
    if (n == LANES) vstore(y + j * LANES, v);
    else vstore_n(y + j * LANES, v, n);
  }
}

KERNEL(depthwise_f32)(const DepthwiseF32 *d) {
  size_t c = 0;
  for (; c + 4 * LANES <= d->channels; c += 4 * LANES)
    for (size_t p = 0; p < d->pixels; p++) depthwise_pixel_f32(d, p, c, 4, LANES);
  for (; c < d->channels; c += LANES) {
    size_t tail = d->channels - c < LANES ? d->channels - c : LANES;
    for (size_t p = 0; p < d->pixels; p++) depthwise_pixel_f32(d, p, c, 1, tail);
  }
}
