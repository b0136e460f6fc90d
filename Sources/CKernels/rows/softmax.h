INLINE float vsum(vf x) {
  // Pairwise, in an order that depends only on LANES.
  float lane[LANES];
  memcpy(lane, &x, sizeof x);
#pragma clang loop unroll(full)
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}
INLINE float vlargest(vf x) {
  float largest = x[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < LANES; i++) largest = x[i] > largest ? x[i] : largest;
  return largest;
}
// Lanes at and behind n become `fill`.
INLINE vf vkeep(vf x, size_t n, float fill) {
  vi lane;
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return lane < vseti((int32_t)n) ? x : vset(fill);
}

KERNEL(softmax_f32)(const Softmax *s) {
  for (size_t row = 0; row < s->rows; row++) {
    const float *x = s->x + (ptrdiff_t)row * s->x_stride;
    const float *mask = s->mask ? s->mask + (ptrdiff_t)row * s->mask_stride : NULL;
    float *y = s->y + (ptrdiff_t)row * s->y_stride;
    vf most = (vf)-__builtin_inff();
    for (size_t i = 0; i < s->columns; i += LANES) {
      size_t n = s->columns - i;
      vf v = vload_some(x + i, n) * s->scale;
      if (mask) v += vload_some(mask + i, n);
      if (n < LANES) {
        vstore_n(y + i, v, n);
        v = vkeep(v, n, -__builtin_inff());
      } else {
        vstore(y + i, v);
      }
      most = v > most ? v : most;
    }
    float largest = vlargest(most);
    vf total = (vf)0.0f;
    for (size_t i = 0; i < s->columns; i += LANES) {
      size_t n = s->columns - i;
      vf v = vload_some(y + i, n) - largest;
      vf e = vexp_(v, 0), kept = s->logarithm ? v : e;
      total += n < LANES ? vkeep(e, n, 0) : e;
      if (n < LANES) vstore_n(y + i, kept, n);
      else vstore(y + i, kept);
    }
    float sum = vsum(total);
    float factor = 1 / sum, offset = s->logarithm ? __builtin_logf(sum) : 0;
    for (size_t i = 0; i < s->columns; i += LANES) {
      size_t n = s->columns - i;
      vf v = vload_some(y + i, n);
      v = s->logarithm ? v - offset : v * factor;
      if (n < LANES) vstore_n(y + i, v, n);
      else vstore(y + i, v);
    }
  }
}

KERNEL(softmax_across_f32)(const SoftmaxAcross *s) {
  for (size_t i = s->begin; i < s->end; i += LANES) {
    size_t n = s->end - i;
    vf most = (vf)-3.4028234e38f, total = (vf)0.0f;
    for (size_t k = 0; k < s->count; k++) {
      vf v = vload_some(s->x + k * s->inner + i, n);
      most = v > most ? v : (v == v ? most : v);
    }
    for (size_t k = 0; k < s->count; k++) {
      vf v = vload_some(s->x + k * s->inner + i, n) - most, e = vexp_(v, 0);
      total += e;
      vf kept = s->logarithm ? v : e;
      if (n < LANES) vstore_n(s->y + k * s->inner + i, kept, n);
      else vstore(s->y + k * s->inner + i, kept);
    }
    vf factor = 1.0f / total, offset = (vf)0.0f;
    if (s->logarithm) {
#pragma clang loop unroll(full)
      for (int lane = 0; lane < LANES; lane++) offset[lane] = __builtin_logf(total[lane]);
    }
    for (size_t k = 0; k < s->count; k++) {
      float *y = s->y + k * s->inner + i;
      vf v = vload_some(y, n);
      v = s->logarithm ? v - offset : v * factor;
      if (n < LANES) vstore_n(y, v, n);
      else vstore(y, v);
    }
  }
}
