// Lanes at and behind n become `fill`.
INLINE vf vkeep(vf x, size_t n, float fill) {
  vi lane;
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return lane < vseti((int32_t)n) ? x : vset(fill);
}

// The largest of scale · x + mask. With `stores` x becomes these sums.
INLINE float softmax_largest(const SoftmaxWeights *s, float *x, const float *mask, int stores) {
  vf most[2] = {(vf)-__builtin_inff(), (vf)-__builtin_inff()};
  for (size_t i = 0; i < s->columns; i += LANES) {
    size_t n = s->columns - i;
    vf v = vload_some(x + i, n) * s->scale;
    if (mask) v += vload_some(mask + i, n);
    if (stores) vstore_some(x + i, v, n);
    if (n < LANES) v = vkeep(v, n, -__builtin_inff());
    vf *m = &most[i / LANES % 2];
    *m = v > *m ? v : *m;
  }
  return reduce_lanes(most[0] > most[1] ? most[0] : most[1], reduce_max);
}

INLINE void softmax_weights(const SoftmaxWeights *s, int stores) {
  for (size_t row = 0; row < s->rows; row++) {
    float *x = s->x + (ptrdiff_t)row * s->x_stride;
    const float *mask = s->mask ? s->mask + (ptrdiff_t)row * s->mask_stride : NULL;
    float most = softmax_largest(s, x, mask, stores);
    // A row that is masked throughout weighs nothing.
    if (most == -__builtin_inff()) {
      memset(x, 0, s->columns * sizeof *x);
      s->reciprocals[row] = 0;
      continue;
    }
    vf largest = vset(most), scale = vset(stores ? 1 : s->scale);
    vf total = (vf)0.0f;
    size_t i = 0;
    for (; i + LANES <= s->columns; i += LANES) {
      vf e = vexp_(vload(x + i) * scale - largest, 0);
      vstore(x + i, e);
      total += e;
    }
    if (i < s->columns) {
      size_t n = s->columns - i;
      vf e = vexp_(vload_n(x + i, n) * scale - largest, 0);
      vstore_n(x + i, e, n);
      total += vkeep(e, n, 0);
    }
    s->reciprocals[row] = 1 / reduce_lanes(total, reduce_sum);
  }
}

KERNEL(softmax_weights_f32)(const SoftmaxWeights *s) {
  if (s->mask) softmax_weights(s, 1);
  else softmax_weights(s, 0);
}
