KERNEL(normalize_f32)(const Normalize *q) {
  size_t columns = q->columns;
  for (size_t row = 0; row < q->rows; row++) {
    const float *x = q->x + (ptrdiff_t)row * q->x_stride;
    const float *residual = q->residual ? q->residual + (ptrdiff_t)row * q->residual_stride : NULL;
    float *y = q->y + (ptrdiff_t)row * q->y_stride, *kept = q->sum ? q->sum + (ptrdiff_t)row * q->y_stride : y;
    if (residual) {
      for (size_t i = 0; i < columns; i += LANES) {
        size_t n = columns - i;
        vf v = vload_some(x + i, n) + vload_some(residual + i, n);
        if (n < LANES) vstore_n(kept + i, v, n);
        else vstore(kept + i, v);
      }
      x = kept;
    }
    float mean = 0;
    if (!q->root_mean_square) {
      vf sums[4] = {(vf)0.0f, (vf)0.0f, (vf)0.0f, (vf)0.0f};
      size_t i = 0;
      for (; i + 4 * LANES <= columns; i += 4 * LANES)
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) sums[j] += vload(x + i + j * LANES);
      for (; i < columns; i += LANES) sums[0] += vload_some(x + i, columns - i);
      mean = vsum((sums[0] + sums[1]) + (sums[2] + sums[3])) / (float)columns;
    }
    vf squares[4] = {(vf)0.0f, (vf)0.0f, (vf)0.0f, (vf)0.0f};
    size_t i = 0;
    for (; i + 4 * LANES <= columns; i += 4 * LANES)
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++) {
        vf v = vload(x + i + j * LANES) - mean;
        squares[j] = vfma(v, v, squares[j]);
      }
    for (; i < columns; i += LANES) {
      size_t n = columns - i;
      vf v = vload_some(x + i, n) - mean;
      if (n < LANES) v = vkeep(v, n, 0);
      squares[0] = vfma(v, v, squares[0]);
    }
    float variance = vsum((squares[0] + squares[1]) + (squares[2] + squares[3])) / (float)columns;
    float inverse = 1 / __builtin_sqrtf(variance + q->epsilon);
    if (q->mean) q->mean[row] = mean;
    if (q->inverse_deviation) q->inverse_deviation[row] = inverse;
    if (q->channels) {
      size_t channel = (q->first_channel + row) % q->channels;
      float a = q->scale ? inverse * q->scale[channel] : inverse, b = q->bias ? q->bias[channel] : 0;
      for (i = 0; i < columns; i += LANES) {
        size_t n = columns - i;
        vf v = vfma(vload_some(x + i, n) - mean, vset(a), vset(b));
        if (n < LANES) vstore_n(y + i, v, n);
        else vstore(y + i, v);
      }
      continue;
    }
    for (i = 0; i < columns; i += LANES) {
      size_t n = columns - i;
      vf v = (vload_some(x + i, n) - mean) * inverse;
      vf scale = q->scale ? vload_some(q->scale + i, n) : (vf)1.0f;
      v = vfma(v, scale, q->bias ? vload_some(q->bias + i, n) : (vf)0.0f);
      if (n < LANES) vstore_n(y + i, v, n);
      else vstore(y + i, v);
    }
  }
}
