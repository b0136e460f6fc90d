KERNEL(pool_maximum_gradient)(const PoolGradient *q) {
  for (size_t p = 0; p < q->pixels; p++) {
    const int32_t *offsets = q->offsets + p * q->taps;
    for (size_t c = 0; c < q->channels; c += LANES) {
      size_t n = q->channels - c;
      ptrdiff_t place = (ptrdiff_t)p * q->y_stride + (ptrdiff_t)c;
      vf best = vload_some(q->y + place, n), rest = vload_some(q->dy + place, n);
      for (size_t t = 0; t < q->taps; t++) {
        if (offsets[t] < 0) continue;
        vi is_best = vload_some(q->x + offsets[t] + c, n) == best;
        float *dx = q->dx + offsets[t] + c;
        vf share = is_best ? rest : (vf)0.0f;
        vstore_some(dx, q->apart ? share : vload_some(dx, n) + share, n);
        rest = is_best ? (vf)0.0f : rest;
      }
    }
  }
}

KERNEL(pool_average_gradient)(const PoolGradient *q) {
  for (size_t p = 0; p < q->pixels; p++) {
    const int32_t *offsets = q->offsets + p * q->taps;
    for (size_t c = 0; c < q->channels; c += LANES) {
      size_t n = q->channels - c;
      vf share = vload_some(q->dy + (ptrdiff_t)p * q->y_stride + c, n) * q->reciprocals[p];
      for (size_t t = 0; t < q->taps; t++) {
        if (offsets[t] < 0) continue;
        float *dx = q->dx + offsets[t] + c;
        vstore_some(dx, q->apart ? share : vload_some(dx, n) + share, n);
      }
    }
  }
}
