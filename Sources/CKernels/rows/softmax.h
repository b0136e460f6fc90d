// Lanes at and behind n become `fill`.
INLINE vf vkeep(vf x, size_t n, float fill) {
  vi lane;
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return lane < vseti((int32_t)n) ? x : vset(fill);
}

KERNEL(masked_softmax_f32)(const MaskedSoftmax *s) {
  for (size_t row = 0; row < s->rows; row++) {
    float *x = s->x + (ptrdiff_t)row * s->x_stride;
    const float *mask = s->mask ? s->mask + (ptrdiff_t)row * s->mask_stride : NULL;
    vf most = (vf)-__builtin_inff();
    for (size_t i = 0; i < s->columns; i += LANES) {
      size_t n = s->columns - i;
      vf v = vload_some(x + i, n) * s->scale;
      if (mask) v += vload_some(mask + i, n);
      vstore_some(x + i, v, n);
      if (n < LANES) v = vkeep(v, n, -__builtin_inff());
      most = v > most ? v : most;
    }
    vf largest = vset(reduce_lanes(most, reduce_max)), total = (vf)0.0f;
    for (size_t i = 0; i < s->columns; i += LANES) {
      size_t n = s->columns - i;
      vf e = vexp_(vload_some(x + i, n) - largest, 0);
      total += n < LANES ? vkeep(e, n, 0) : e;
      vstore_some(x + i, e, n);
    }
    vf factor = vset(1 / reduce_lanes(total, reduce_sum));
    for (size_t i = 0; i < s->columns; i += LANES) {
      size_t n = s->columns - i;
      vstore_some(x + i, vload_some(x + i, n) * factor, n);
    }
  }
}
