// Reductions, softmax and normalizations.
#include "test.h"

static const double tolerance = 1e-5;

// Sums grow with the number of elements, products stay near 1.
static float *summands(size_t count, int32_t code) {
  float *x = floats(count, code == reduce_product ? 0.05f : 1);
  for (size_t i = 0; code == reduce_product && i < count; i++) x[i] += 1;
  return x;
}

void test_reduce_row_f32(const KernelTable *t) {
  for (int32_t code = reduce_sum; code <= reduce_product; code++) {
    size_t n = any_size(0, 200);
    operands_reset();
    float *x = summands(n, code), y = any_float(1);
    if (n && code >= reduce_max && !any(0, 3)) x[any_size(0, n - 1)] = NAN;
    t->reduce_row_f32(x, n, code, &y);
    expect_floats(&y, 1, tolerance);
  }
}

void test_reduce_columns_f32(const KernelTable *t) {
  for (int32_t code = reduce_sum; code <= reduce_product; code++) {
    size_t n = any_size(1, 100), rows = any_size(0, 20), stride = n + any_size(0, 3);
    operands_reset();
    const float *x = summands(extent(rows, stride, n), code);
    float *y = floats(n, 1);
    t->reduce_columns_f32(x, (ptrdiff_t)stride, rows, n, code, y);
    expect_floats(y, n, tolerance);
  }
}

void test_deviation_row_f32(const KernelTable *t) {
  size_t n = any_size(0, 200);
  float y = any_float(1);
  t->deviation_row_f32(floats(n, 1), n, any_float(1), &y);
  expect_floats(&y, 1, tolerance);
}

void test_exp_row_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  const float *x = floats(n, 3);
  float *y = coin() ? floats(n, 1) : NULL, sum = any_float(1);
  t->exp_row_f32(x, y, n, any_float(2), &sum);
  if (y) expect_floats(y, n, tolerance);
  expect_floats(&sum, 1, tolerance);
}

void test_softmax_rows_f32(const KernelTable *t) {
  size_t rows = any_size(1, 40), n = any_size(1, 16);
  const float *x = floats(rows * n, 5);
  float *y = floats(rows * n, 1);
  t->softmax_rows_f32(x, y, rows, n, coin());
  expect_floats(y, rows * n, tolerance);
}

void test_softmax_row_f32(const KernelTable *t) {
  size_t n = any_size(0, 200);
  float *x = floats(n, 5), *y = coin() ? x : floats(n, 1);
  t->softmax_row_f32(x, y, n, coin());
  expect_floats(y, n, tolerance);
}

void test_softmax_columns_f32(const KernelTable *t) {
  size_t rows = any_size(1, 20), n = any_size(1, 70), stride = n + any_size(0, 3), count = extent(rows, stride, n);
  const float *x = floats(count, 5);
  float *y = floats(count, 1);
  t->softmax_columns_f32(x, y, (ptrdiff_t)stride, rows, n, coin());
  expect_floats(y, count, tolerance);
}

void test_normalize_row_f32(const KernelTable *t) {
  NormalizeRowF32 r = {.n = any_size(0, 100), .mean = any_float(1), .factor = any_float(2)};
  r.x = floats(r.n, 1);
  r.y = floats(r.n, 1);
  if (coin()) r.scale = floats(r.n, 1);
  if (coin()) r.bias = floats(r.n, 1);
  t->normalize_row_f32(&r);
  expect_floats(r.y, r.n, tolerance);
}

void test_layer_normal_bf16(const KernelTable *t) {
  LayerNormalBF16 r = {.n = any_size(4, 150), .epsilon = 1e-5f, .is_root_mean_square = coin()};
  r.x = halves(r.n, 1);
  if (coin()) r.skip = halves(r.n, 1);
  if (coin()) r.bias = floats(r.n, 1);
  r.scale = floats(r.n, 1);
  if (coin()) r.shift = floats(r.n, 1);
  r.row = floats(r.n, 1);
  r.y = halves(r.n, 1);
  if (coin()) r.sum = halves(r.n, 1);
  t->layer_normal_bf16(&r);
  expect_halves(r.y, r.n, 8e-3);
  if (r.sum) expect_halves(r.sum, r.n, 8e-3);
}

void test_affine_row_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *x = floats(n, 1), *y = coin() ? x : floats(n, 1);
  t->affine_row_f32(x, y, n, any_float(2), any_float(2));
  expect_floats(y, n, tolerance);
}

void test_affine_vector_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *x = floats(n, 1), *y = coin() ? x : floats(n, 1);
  const float *a = floats(n, 1), *b = floats(n, 1);
  t->affine_vector_f32(x, y, n, a, b);
  expect_floats(y, n, tolerance);
}

void test_softmax_gradient_f32(const KernelTable *t) {
  size_t rows = any_size(1, 5), n = any_size(1, 100);
  const float *y = floats(rows * n, 1);
  float *dy = floats(rows * n, 1), *dx = coin() ? dy : floats(rows * n, 1);
  t->softmax_gradient_f32(y, dy, dx, rows, n, coin());
  expect_floats(dx, rows * n, 3e-5);
}

void test_softmax_gradient_columns_f32(const KernelTable *t) {
  size_t rows = any_size(1, 20), n = any_size(1, 70), stride = n + any_size(0, 3), count = extent(rows, stride, n);
  const float *y = floats(count, 1);
  float *dy = floats(count, 1), *dx = coin() ? dy : floats(count, 1);
  t->softmax_gradient_columns_f32(y, dy, dx, (ptrdiff_t)stride, rows, n, coin());
  expect_floats(dx, count, 3e-5);
}

void test_normalize_gradient_f32(const KernelTable *t) {
  NormalizeGradientF32 g = {.n = any_size(4, 150), .epsilon = 1e-5f, .centred = coin()};
  g.x = floats(g.n, 1);
  float *dy = floats(g.n, 1);
  g.dy = dy;
  if (coin()) g.scale = floats(g.n, 1);
  if (any(0, 3)) g.dx = coin() ? dy : floats(g.n, 1);
  if (coin()) g.dscale = floats(g.n, 1);
  if (coin()) g.dbias = floats(g.n, 1);
  t->normalize_gradient_f32(&g);
  if (g.dx) expect_floats(g.dx, g.n, 3e-5);
  if (g.dscale) expect_floats(g.dscale, g.n, 3e-5);
  if (g.dbias) expect_floats(g.dbias, g.n, 3e-5);
}

void test_dot_centred_f32(const KernelTable *t) {
  size_t n = any_size(0, 200);
  const float *x = floats(n, 1), *dy = floats(n, 1);
  float sum = any_float(1);
  t->dot_centred_f32(x, dy, n, any_float(1), &sum);
  expect_floats(&sum, 1, tolerance);
}

void test_affine_pair_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *x = floats(n, 1), *z = floats(n, 1), *y = coin() ? x : floats(n, 1);
  t->affine_pair_f32(x, z, y, n, any_float(1), any_float(1), any_float(1));
  expect_floats(y, n, tolerance);
}

void test_local_response_f32(const KernelTable *t) {
  static const float betas[] = {0.75f, 0.5f, 1, 0.6f};
  LocalResponseF32 r = {.channels = any_size(1, 12), .n = any_size(1, 40)};
  r.before = any_size(0, 3);
  r.after = any_size(0, 3);
  r.stride = (ptrdiff_t)(r.n + any_size(0, 3));
  size_t count = extent(r.channels, (size_t)r.stride, r.n);
  r.x = floats(count, 2);
  r.y = floats(count, 1);
  r.bias = 1;
  r.factor = 0.1f;
  r.beta = betas[any(0, 3)];
  t->local_response_f32(&r);
  expect_floats(r.y, count, tolerance);
}

void test_range_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *x = floats(n, 10), range[2] = {coin() ? 0 : INFINITY, coin() ? 0 : -INFINITY};
  for (size_t i = 2; i < n; i += any_size(1, 40)) x[i] = coin() ? NAN : INFINITY;
  t->range_f32(x, n, range);
  expect_bytes(range, sizeof range);
}

void test_histogram_f32(const KernelTable *t) {
  size_t n = any_size(0, 300), bins = any_size(1, 50);
  float *x = floats(n, 3);
  for (size_t i = 2; i < n; i += any_size(1, 40)) x[i] = coin() ? NAN : INFINITY;
  uint32_t *work = NEW(uint32_t, 4 * bins);
  double *counts = NEW(double, bins);
  t->histogram_f32(x, n, 2, bins, work, counts);
  expect_bytes(counts, bins * 8);
  expect_bytes(work, bins * 16);
}
