// Reductions of contiguous rows and of columns. NaN comes through maximum and minimum.
INLINE vf vreduce(vf y, vf x, int code) {
  switch (code) {
    case reduce_sum_abs: return y + vabs(x);
    case reduce_sum_square: return vfma(x, x, y);
    case reduce_max: return ((y < x) | (x != x)) ? x : y;
    case reduce_min: return ((y > x) | (x != x)) ? x : y;
    case reduce_product: return y * x;
    default: return y + x;
  }
}

INLINE float reduce_identity(int code) {
  switch (code) {
    case reduce_max: return -INFINITY;
    case reduce_min: return INFINITY;
    case reduce_product: return 1;
    default: return 0;
  }
}

// Brings partial results together, which for sums of magnitudes or squares are plain sums.
INLINE float reduce_pair(float y, float x, int code) {
  switch (code) {
    case reduce_max: return y < x || x != x ? x : y;
    case reduce_min: return y > x || x != x ? x : y;
    case reduce_product: return y * x;
    default: return y + x;
  }
}
INLINE vf reduce_partials(vf y, vf x, int code) { return vreduce(y, x, code <= reduce_sum_square ? reduce_sum : code); }

INLINE float reduce_lanes(vf v, int code) {
  float lanes[LANES];
  vstore(lanes, v);
  for (size_t width = LANES / 2; width > 0; width /= 2)
    for (size_t i = 0; i < width; i++) lanes[i] = reduce_pair(lanes[i], lanes[i + width], code);
  return lanes[0];
}

INLINE float reduce_row_(const float *x, size_t n, int code) {
  float identity = reduce_identity(code);
  vf y0 = vset(identity), y1 = y0, y2 = y0, y3 = y0;
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    y0 = vreduce(y0, vload(x + i), code);
    y1 = vreduce(y1, vload(x + i + LANES), code);
    y2 = vreduce(y2, vload(x + i + 2 * LANES), code);
    y3 = vreduce(y3, vload(x + i + 3 * LANES), code);
  }
  for (; i + LANES <= n; i += LANES) y0 = vreduce(y0, vload(x + i), code);
  float rest = identity;
  for (; i < n; i++) {
    float value = x[i];
    if (code == reduce_sum_abs) value = fabsf(value);
    if (code == reduce_sum_square) value *= value;
    rest = reduce_pair(rest, value, code);
  }
  y0 = reduce_partials(reduce_partials(y0, y1, code), reduce_partials(y2, y3, code), code);
  return reduce_pair(reduce_lanes(y0, code), rest, code);
}

#define EACH_REDUCTION(code, call)                                   \
  switch (code) {                                                    \
    case reduce_sum_abs: call(reduce_sum_abs); break;                \
    case reduce_sum_square: call(reduce_sum_square); break;          \
    case reduce_max: call(reduce_max); break;                        \
    case reduce_min: call(reduce_min); break;                        \
    case reduce_product: call(reduce_product); break;                \
    default: call(reduce_sum); break;                                \
  }

KERNEL(reduce_row_f32)(const float *x, size_t n, int32_t code, float *y) {
#define REDUCE_ROW(c) *y = reduce_pair(*y, reduce_row_(x, n, c), c)
  EACH_REDUCTION(code, REDUCE_ROW)
#undef REDUCE_ROW
}

INLINE void reduce_columns_(const float *x, ptrdiff_t stride, size_t rows, size_t n, int code, float *y) {
  size_t j = 0;
  for (; j + 4 * LANES <= n; j += 4 * LANES) {
    const float *p = x + j;
    vf y0 = vload(y + j), y1 = vload(y + j + LANES), y2 = vload(y + j + 2 * LANES), y3 = vload(y + j + 3 * LANES);
    for (size_t r = 0; r < rows; r++, p += stride) {
      y0 = vreduce(y0, vload(p), code);
      y1 = vreduce(y1, vload(p + LANES), code);
      y2 = vreduce(y2, vload(p + 2 * LANES), code);
      y3 = vreduce(y3, vload(p + 3 * LANES), code);
    }
    vstore(y + j, y0);
    vstore(y + j + LANES, y1);
    vstore(y + j + 2 * LANES, y2);
    vstore(y + j + 3 * LANES, y3);
  }
  for (; j < n; j += LANES) {
    size_t width = n - j < LANES ? n - j : LANES;
    const float *p = x + j;
    vf y0 = vload_n(y + j, width);
    for (size_t r = 0; r < rows; r++, p += stride) y0 = vreduce(y0, vload_n(p, width), code);
    vstore_n(y + j, y0, width);
  }
}

KERNEL(reduce_columns_f32)(const float *x, ptrdiff_t stride, size_t rows, size_t n, int32_t code, float *y) {
#define REDUCE_COLUMNS(c) reduce_columns_(x, stride, rows, n, c, y)
  EACH_REDUCTION(code, REDUCE_COLUMNS)
#undef REDUCE_COLUMNS
}

INLINE float deviation_(const float *x, size_t n, float mean) {
  vf m = vset(mean), y0 = vset(0), y1 = y0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    vf d0 = vload(x + i) - m, d1 = vload(x + i + LANES) - m;
    y0 = vfma(d0, d0, y0);
    y1 = vfma(d1, d1, y1);
  }
  float rest = 0;
  for (; i < n; i++) rest += (x[i] - mean) * (x[i] - mean);
  return reduce_lanes(y0 + y1, reduce_sum) + rest;
}
KERNEL(deviation_row_f32)(const float *x, size_t n, float mean, float *y) { *y += deviation_(x, n, mean); }
