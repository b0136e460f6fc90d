// fp32 products.
#include "test.h"

static const double tolerance = 3e-5;

// The panels of B [k][n] as `pack_f32` lays them out; panel p begins at column p · panel_columns.
static const float *panels_f32(const KernelTable *t, const float *b, size_t k, size_t n) {
  float *panels = NEW(float, k * (n / t->panel_columns * t->panel_columns + up(n % t->panel_columns, t->lanes)));
  for (size_t j = 0; j < n; j++) {
    size_t first = j / t->panel_columns * t->panel_columns;
    size_t width = up(least(n - first, t->panel_columns), t->lanes);
    for (size_t p = 0; p < k; p++) panels[first * k + p * width + j - first] = b[p * n + j];
  }
  return panels;
}

void test_gemm_f32(const KernelTable *t) {
  GemmF32 g = {.rows = any_size(1, 30)};
  g.a = row_source(g.rows, 4);
  size_t k = g.a.taps * g.a.depth, n = any_size(1, 150);
  const float *b = floats(k * n, 1);
  g.c_stride = (ptrdiff_t)(n + any_size(0, 5));
  size_t count = extent(g.rows, (size_t)g.c_stride, n);
  float *c = floats(count, 1);
  g.accumulate = coin();
  g.finish = coin();
  EpilogueF32 e = epilogue_f32(g.rows, n, 0);
  if (coin()) e.row_bias = floats(g.rows, 1);
  g.next = b;
  g.next_bytes = coin() ? k * n * 4 : 0;
  const float *panels = panels_f32(t, b, k, n);
  for (size_t first = 0; first < n; first += t->panel_columns) {
    g.columns = least(n - first, t->panel_columns);
    g.b = panels + first * k;
    g.b_stride = (ptrdiff_t)up(g.columns, t->lanes);
    g.c = c + first;
    g.epilogue = e;
    if (e.bias) g.epilogue.bias += first;
    if (e.residual) g.epilogue.residual += first;
    t->gemm_f32(&g);
  }
  expect_floats(c, count, tolerance);
}

void test_narrow_f32(const KernelTable *t) {
  GemmF32 g = {.rows = any_size(1, 30), .columns = any_size(1, 4), .finish = 1};
  g.a = row_source(g.rows, 4);
  size_t k = g.a.taps * g.a.depth;
  g.b_stride = (ptrdiff_t)(k + any_size(0, 3));
  g.b = floats(extent(g.columns, (size_t)g.b_stride, k), 1);
  g.c_stride = (ptrdiff_t)(g.columns + any_size(0, 3));
  size_t count = extent(g.rows, (size_t)g.c_stride, g.columns);
  g.c = floats(count, 1);
  g.epilogue = epilogue_f32(g.rows, g.columns, 0);
  if (coin()) g.epilogue.row_bias = floats(g.rows, 1);
  t->narrow_f32(&g);
  expect_floats(g.c, count, tolerance);
}

void test_stationary_f32(const KernelTable *t) {
  static const size_t lines[] = {3, 3, 5}, spans[] = {3, 9, 5};
  int64_t i = any(0, 2);
  Windows w = {.step = any(1, 9), .lines = lines[i], .span = spans[i]};
  w.line = (ptrdiff_t)(w.span + any_size(0, 9));
  GemmF32 g = {.rows = any_size(1, 40), .columns = any_size(1, 4), .finish = 1};
  size_t a_count = (g.rows - 1) * (size_t)w.step + (w.lines - 1) * (size_t)w.line + w.span, k = w.lines * w.span;
  g.a = (RowSource){.base = floats(a_count, 1), .stride = w.step, .taps = 1, .depth = k};
  const float *b = floats(k * g.columns, 1);
  g.c_stride = (ptrdiff_t)(g.columns + any_size(0, 3));
  size_t count = extent(g.rows, (size_t)g.c_stride, g.columns);
  g.c = floats(count, 1);
  g.epilogue = epilogue_f32(g.rows, g.columns, 0);
  if (coin()) g.epilogue.row_bias = floats(g.rows, 1);
  g.b = panels_f32(t, b, k, g.columns);
  g.b_stride = (ptrdiff_t)up(g.columns, t->lanes);
  t->stationary_f32(&g, &w);
  expect_floats(g.c, count, tolerance);
}

void test_outer_f32(const KernelTable *t) {
  OuterF32 o = {.m = any_size(1, 30), .n = any_size(1, 150), .depth = any_size(0, 40), .accumulate = coin()};
  o.a_stride = (ptrdiff_t)(o.m + any_size(0, 3));
  o.b_stride = (ptrdiff_t)(o.n + any_size(0, 3));
  o.c_stride = (ptrdiff_t)(o.n + any_size(0, 3));
  o.a = floats(extent(o.depth, (size_t)o.a_stride, o.m), 1);
  o.b = floats(extent(o.depth, (size_t)o.b_stride, o.n), 1);
  size_t count = extent(o.m, (size_t)o.c_stride, o.n);
  o.c = floats(count, 1);
  t->outer_f32(&o);
  expect_floats(o.c, count, tolerance);
}
