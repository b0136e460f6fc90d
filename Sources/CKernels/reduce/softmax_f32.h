INLINE float exp_row_(const float *x, float *y, size_t n, float shift) {
  vf s = vset(shift), sum0 = vset(0), sum1 = sum0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    vf e0 = vexp_(vload(x + i) - s, 0), e1 = vexp_(vload(x + i + LANES) - s, 0);
    if (y) {
      vstore(y + i, e0);
      vstore(y + i + LANES, e1);
    }
    sum0 += e0;
    sum1 += e1;
  }
  for (; i < n; i += LANES) {
    size_t width = n - i < LANES ? n - i : LANES;
    vf e = vexp_(vload_n(x + i, width) - s, 0);
    float lanes[LANES];
    vstore(lanes, e);
    vf kept = vload_n(lanes, width);
    if (y) vstore_n(y + i, kept, width);
    sum0 += kept;
  }
  return reduce_lanes(sum0 + sum1, reduce_sum);
}
KERNEL(exp_row_f32)(const float *x, float *y, size_t n, float shift, float *sum) { *sum += exp_row_(x, y, n, shift); }

INLINE void affine_row_(const float *x, float *y, size_t n, float a, float b) {
  vf va = vset(a), vb = vset(b);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) vstore(y + i, vfma(vload(x + i), va, vb));
  if (i < n) vstore_n(y + i, vfma(vload_n(x + i, n - i), va, vb), n - i);
}
KERNEL(affine_row_f32)(const float *x, float *y, size_t n, float a, float b) { affine_row_(x, y, n, a, b); }

KERNEL(affine_vector_f32)(const float *x, float *y, size_t n, const float *a, const float *b) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) vstore(y + i, vfma(vload(x + i), vload(a + i), vload(b + i)));
  if (i < n) vstore_n(y + i, vfma(vload_n(x + i, n - i), vload_n(a + i, n - i), vload_n(b + i, n - i)), n - i);
}

KERNEL(softmax_row_f32)(const float *x, float *y, size_t n, int32_t is_log) {
  if (n == 0) return;
  float most = reduce_row_(x, n, reduce_max);
  if (is_log) {
    float sum = exp_row_(x, NULL, n, most);
    float logarithm = logf(sum);
    vf m = vset(most), l = vset(logarithm);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) vstore(y + i, vload(x + i) - m - l);
    if (i < n) vstore_n(y + i, vload_n(x + i, n - i) - m - l, n - i);
  } else {
    float sum = exp_row_(x, y, n, most);
    affine_row_(y, y, n, 1 / sum, 0);
  }
}

// One vector of columns, `width` of them in use.
INLINE void softmax_lanes_(const float *x, float *y, ptrdiff_t stride, size_t rows, size_t width, int is_log) {
  vf most = vset(-INFINITY), sum = vset(0);
  for (size_t r = 0; r < rows; r++) most = vreduce(most, vload_n(x + (ptrdiff_t)r * stride, width), reduce_max);
  if (!is_log) {
    for (size_t r = 0; r < rows; r++) {
      vf e = vexp_(vload_n(x + (ptrdiff_t)r * stride, width) - most, 0);
      vstore_n(y + (ptrdiff_t)r * stride, e, width);
      sum += e;
    }
    vf factor = 1.0f / sum;
    for (size_t r = 0; r < rows; r++) {
      float *p = y + (ptrdiff_t)r * stride;
      vstore_n(p, vload_n(p, width) * factor, width);
    }
    return;
  }
  for (size_t r = 0; r < rows; r++) sum += vexp_(vload_n(x + (ptrdiff_t)r * stride, width) - most, 0);
  float lanes[LANES];
  vstore(lanes, sum);
  for (size_t i = 0; i < LANES; i++) lanes[i] = logf(lanes[i]);
  vf logarithm = vload(lanes);
  for (size_t r = 0; r < rows; r++)
    vstore_n(y + (ptrdiff_t)r * stride, vload_n(x + (ptrdiff_t)r * stride, width) - most - logarithm, width);
}

// Rows of up to 16 elements, one behind the other, as columns of as many rows as a vector has lanes.
KERNEL(softmax_rows_f32)(const float *x, float *y, size_t rows, size_t n, int32_t is_log) {
  float columns[16 * LANES];
  for (size_t row = 0; row < rows; row += LANES, x += n * LANES, y += n * LANES) {
    size_t width = rows - row < LANES ? rows - row : LANES;
    for (size_t r = 0; r < width; r++)
      for (size_t j = 0; j < n; j++) columns[j * LANES + r] = x[r * n + j];
    softmax_lanes_(columns, columns, LANES, n, width, is_log);
    for (size_t r = 0; r < width; r++)
      for (size_t j = 0; j < n; j++) y[r * n + j] = columns[j * LANES + r];
  }
}

KERNEL(softmax_columns_f32)(const float *x, float *y, ptrdiff_t stride, size_t rows, size_t n, int32_t is_log) {
  for (size_t j = 0; j < n; j += LANES) softmax_lanes_(x + j, y + j, stride, rows, n - j < LANES ? n - j : LANES, is_log);
}
