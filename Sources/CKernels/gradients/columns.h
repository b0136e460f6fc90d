// Columns in strips of vectors that stay in registers while all rows pass.
enum { strip_vectors = LANES == 16 ? 4 : 2 };

INLINE void column_moments_strip(const ColumnMomentsF32 *s, size_t c, size_t last, int nv) {
  vf mean[4], deviation[4];
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) mean[j] = deviation[j] = (vf)0.0f;
  const float *x = s->x + c;
  for (size_t r = 0; r < s->rows; r++, x += s->stride)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) mean[j] += j < nv - 1 ? vload(x + j * LANES) : vload_some(x + j * LANES, last);
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) mean[j] = mean[j] / (float)s->rows;
  x = s->x + c;
  for (size_t r = 0; r < s->rows; r++, x += s->stride)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      vf v = (j < nv - 1 ? vload(x + j * LANES) : vload_some(x + j * LANES, last)) - mean[j];
      deviation[j] = vfma(v, v, deviation[j]);
    }
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    size_t n = j < nv - 1 ? LANES : last;
    vstore_some(s->mean + c + j * LANES, mean[j], n);
    vstore_some(s->deviation + c + j * LANES, deviation[j], n);
  }
}

KERNEL(column_moments_f32)(const ColumnMomentsF32 *s) {
  size_t c = 0;
  for (; c + strip_vectors * LANES <= s->columns; c += strip_vectors * LANES)
    column_moments_strip(s, c, LANES, strip_vectors);
  for (; c < s->columns; c += LANES) column_moments_strip(s, c, s->columns - c < LANES ? s->columns - c : LANES, 1);
}

KERNEL(column_scale_f32)(const ColumnScaleF32 *s) {
  vf low = vset(s->low), high = vset(s->high);
  for (size_t r = 0; r < s->rows; r++) {
    const float *x = s->x + r * s->columns, *residual = s->residual ? s->residual + r * s->columns : NULL;
    float *y = s->y + r * s->columns;
    size_t c = 0;
    for (; c + LANES <= s->columns; c += LANES) {
      vf v = vfma(vload(x + c), vload(s->scale + c), vload(s->shift + c));
      if (residual) v += vload(residual + c);
      vstore(y + c, vclip(v, low, high));
    }
    if (c < s->columns) {
      size_t n = s->columns - c;
      vf v = vfma(vload_n(x + c, n), vload_n(s->scale + c, n), vload_n(s->shift + c, n));
      if (residual) v += vload_n(residual + c, n);
      vstore_n(y + c, vclip(v, low, high), n);
    }
  }
}

// dy where the clipped value lies strictly between its bounds.
INLINE vf column_dz(const ColumnGradientF32 *s, size_t at, vf x, vf scale, vf shift, size_t n) {
  vf z = vfma(x, scale, shift);
  if (s->residual) z += vload_some(s->residual + at, n);
  vi inside = (z > s->low) & (z < s->high);
  return inside ? vload_some(s->dy + at, n) : (vf)0.0f;
}

INLINE void column_gradient_sums_strip(const ColumnGradientF32 *s, size_t c, size_t last, int nv) {
  vf sum[4], product[4], mean[4], scale[4], shift[4];
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    size_t n = j < nv - 1 ? LANES : last, at = c + (size_t)j * LANES;
    sum[j] = vload_some(s->sum + at, n);
    product[j] = vload_some(s->product + at, n);
    mean[j] = vload_some(s->mean + at, n);
    scale[j] = vload_some(s->scale + at, n);
    shift[j] = vload_some(s->shift + at, n);
  }
  for (size_t r = 0; r < s->rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      size_t n = j < nv - 1 ? LANES : last, at = r * s->columns + c + (size_t)j * LANES;
      vf x = vload_some(s->x + at, n), dz = column_dz(s, at, x, scale[j], shift[j], n);
      sum[j] += dz;
      product[j] = vfma(dz, x - mean[j], product[j]);
    }
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    size_t n = j < nv - 1 ? LANES : last, at = c + (size_t)j * LANES;
    vstore_some(s->sum + at, sum[j], n);
    vstore_some(s->product + at, product[j], n);
  }
}

KERNEL(column_gradient_sums_f32)(const ColumnGradientF32 *given) {
  ColumnGradientF32 s = *given;
  size_t c = 0;
  for (; c + strip_vectors * LANES <= s.columns; c += strip_vectors * LANES)
    column_gradient_sums_strip(&s, c, LANES, strip_vectors);
  for (; c < s.columns; c += LANES)
    column_gradient_sums_strip(&s, c, s.columns - c < LANES ? s.columns - c : LANES, 1);
}

KERNEL(column_gradient_f32)(const ColumnGradientF32 *given) {
  ColumnGradientF32 s = *given;
  for (size_t r = 0; r < s.rows; r++)
    for (size_t c = 0; c < s.columns; c += LANES) {
      size_t n = s.columns - c, at = r * s.columns + c;
      vf x = vload_some(s.x + at, n), scale = vload_some(s.scale + c, n);
      vf dz = column_dz(&s, at, x, scale, vload_some(s.shift + c, n), n);
      if (s.dz) vstore_some(s.dz + at, dz, n);
      vf rest = vfma(x - vload_some(s.mean + c, n), vload_some(s.factor + c, n), vload_some(s.offset + c, n));
      vstore_some(s.dx + at, vfma(dz, scale, rest), n);
    }
}
