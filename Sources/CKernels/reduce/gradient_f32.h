// Gradients of softmax and normalizations, a row at a time.

// Σ of a, or of a · b.
INLINE float dot_row_(const float *a, const float *b, size_t n) {
  vf sum0 = vset(0), sum1 = sum0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    sum0 = b ? vfma(vload(a + i), vload(b + i), sum0) : sum0 + vload(a + i);
    sum1 = b ? vfma(vload(a + i + LANES), vload(b + i + LANES), sum1) : sum1 + vload(a + i + LANES);
  }
  for (; i < n; i += LANES) {
    vf x = vload_some(a + i, n - i);
    sum0 = b ? vfma(x, vload_some(b + i, n - i), sum0) : sum0 + x;
  }
  return reduce_lanes(sum0 + sum1, reduce_sum);
}

INLINE vf softmax_slope_(vf y, vf dy, vf sum, int is_log) {
  return is_log ? dy - vexp_(y, 0) * sum : y * (dy - sum);
}

INLINE void softmax_gradient_row_(const float *y, const float *dy, float *dx, size_t n, int is_log) {
  vf sum = vset(is_log ? dot_row_(dy, NULL, n) : dot_row_(dy, y, n));
  for (size_t i = 0; i < n; i += LANES) {
    size_t left = n - i;
    vstore_some(dx + i, softmax_slope_(vload_some(y + i, left), vload_some(dy + i, left), sum, is_log), left);
  }
}

KERNEL(softmax_gradient_f32)(const float *y, const float *dy, float *dx, size_t rows, size_t n, int32_t is_log) {
  for (size_t r = 0; r < rows; r++, y += n, dy += n, dx += n) {
    if (is_log) softmax_gradient_row_(y, dy, dx, n, 1);
    else softmax_gradient_row_(y, dy, dx, n, 0);
  }
}

KERNEL(softmax_gradient_columns_f32)(const float *y, const float *dy, float *dx, ptrdiff_t stride, size_t rows, size_t n,
                                     int32_t is_log) {
  for (size_t j = 0; j < n; j += LANES) {
    size_t width = n - j;
    vf sum = vset(0);
    for (size_t r = 0; r < rows; r++) {
      ptrdiff_t at = (ptrdiff_t)r * stride + (ptrdiff_t)j;
      vf v = vload_some(dy + at, width);
      sum = is_log ? sum + v : vfma(v, vload_some(y + at, width), sum);
    }
    for (size_t r = 0; r < rows; r++) {
      ptrdiff_t at = (ptrdiff_t)r * stride + (ptrdiff_t)j;
      vstore_some(dx + at, softmax_slope_(vload_some(y + at, width), vload_some(dy + at, width), sum, is_log), width);
    }
  }
}

KERNEL(normalize_gradient_f32)(const NormalizeGradientF32 *g) {
  size_t n = g->n;
  float mean = g->centred ? reduce_row_(g->x, n, reduce_sum) / (float)n : 0;
  float factor = 1 / sqrtf(deviation_(g->x, n, mean) / (float)n + g->epsilon);
  vf m = vset(mean), f = vset(factor), plain = vset(0), weighted = vset(0);
  for (size_t i = 0; i < n; i += LANES) {
    size_t left = n - i;
    vf dy = vload_some(g->dy + i, left);
    // Lanes behind the row hold dy = 0.
    vf normal = (vload_some(g->x + i, left) - m) * f;
    vf product = dy * normal;
    if (g->dscale) vstore_some(g->dscale + i, vload_some(g->dscale + i, left) + product, left);
    if (g->dbias) vstore_some(g->dbias + i, vload_some(g->dbias + i, left) + dy, left);
    vf scale = g->scale ? vload_some(g->scale + i, left) : vset(1);
    plain = vfma(dy, scale, plain);
    weighted = vfma(product, scale, weighted);
  }
  if (!g->dx) return;
  vf first = vset(g->centred ? reduce_lanes(plain, reduce_sum) / (float)n : 0);
  vf second = vset(reduce_lanes(weighted, reduce_sum) / (float)n);
  for (size_t i = 0; i < n; i += LANES) {
    size_t left = n - i;
    vf normal = (vload_some(g->x + i, left) - m) * f;
    vf dy = vload_some(g->dy + i, left);
    if (g->scale) dy = dy * vload_some(g->scale + i, left);
    vstore_some(g->dx + i, (dy - first - normal * second) * f, left);
  }
}

KERNEL(dot_centred_f32)(const float *x, const float *dy, size_t n, float mean, float *sum) {
  vf m = vset(mean), sum0 = vset(0), sum1 = sum0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    sum0 = vfma(vload(x + i) - m, vload(dy + i), sum0);
    sum1 = vfma(vload(x + i + LANES) - m, vload(dy + i + LANES), sum1);
  }
  for (; i < n; i += LANES) sum0 = vfma(vload_some(x + i, n - i) - m, vload_some(dy + i, n - i), sum0);
  *sum += reduce_lanes(sum0 + sum1, reduce_sum);
}

KERNEL(affine_pair_f32)(const float *x, const float *z, float *y, size_t n, float a, float b, float c) {
  vf va = vset(a), vb = vset(b), vc = vset(c);
  for (size_t i = 0; i < n; i += LANES) {
    size_t left = n - i;
    vstore_some(y + i, vfma(vload_some(x + i, left), va, vfma(vload_some(z + i, left), vb, vc)), left);
  }
}
