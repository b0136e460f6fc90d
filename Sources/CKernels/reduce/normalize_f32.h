INLINE void normalize_row_(const NormalizeRowF32 *r, int scaled, int biased) {
  vf mean = vset(r->mean), factor = vset(r->factor);
  for (size_t i = 0; i < r->n; i += LANES) {
    size_t width = r->n - i;
    if (width >= LANES) {
      vf y = (vload(r->x + i) - mean) * factor;
      if (scaled) y = y * vload(r->scale + i);
      if (biased) y = y + vload(r->bias + i);
      vstore(r->y + i, y);
    } else {
      vf y = (vload_n(r->x + i, width) - mean) * factor;
      if (scaled) y = y * vload_n(r->scale + i, width);
      if (biased) y = y + vload_n(r->bias + i, width);
      vstore_n(r->y + i, y, width);
    }
  }
}
KERNEL(normalize_row_f32)(const NormalizeRowF32 *r) {
  if (r->scale && r->bias) normalize_row_(r, 1, 1);
  else if (r->scale) normalize_row_(r, 1, 0);
  else if (r->bias) normalize_row_(r, 0, 1);
  else normalize_row_(r, 0, 0);
}

// s^−beta
INLINE vf vdecay(vf s, float beta) {
  if (beta == 0.75f) {
    vf root = 1.0f / __builtin_elementwise_sqrt(s);
    return root * __builtin_elementwise_sqrt(root);
  }
  if (beta == 0.5f) return 1.0f / __builtin_elementwise_sqrt(s);
  if (beta == 1.0f) return 1.0f / s;
  float lanes[LANES];
  vstore(lanes, s);
  for (size_t i = 0; i < LANES; i++) lanes[i] = powf(lanes[i], -beta);
  return vload(lanes);
}

KERNEL(local_response_f32)(const LocalResponseF32 *r) {
  for (size_t i = 0; i < r->n; i += LANES) {
    size_t width = r->n - i < LANES ? r->n - i : LANES;
    for (size_t c = 0; c < r->channels; c++) {
      size_t first = c < r->before ? 0 : c - r->before;
      size_t last = c + r->after < r->channels ? c + r->after : r->channels - 1;
      vf sum = vset(0);
      for (size_t k = first; k <= last; k++) {
        vf v = vload_n(r->x + i + (ptrdiff_t)k * r->stride, width);
        sum = vfma(v, v, sum);
      }
      vf s = vfma(sum, vset(r->factor), vset(r->bias));
      vf x = vload_n(r->x + i + (ptrdiff_t)c * r->stride, width);
      vstore_n(r->y + i + (ptrdiff_t)c * r->stride, x * vdecay(s, r->beta), width);
    }
  }
}
