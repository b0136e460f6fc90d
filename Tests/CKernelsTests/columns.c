// Products of transposed rows, and normalizations by columns with their gradients.
#include "test.h"

void test_cross_f32(const KernelTable *t) {
  CrossF32 g = {.images = any_size(1, 3), .run_count = any_size(0, 4), .rows = any_size(1, 30), .accumulate = coin()};
  g.columns = any_size(1, 8);  // of a panel of any table
  g.lines = 1;
  size_t width = g.rows;
  if (coin()) {
    static const size_t lines[] = {3, 3, 5}, spans[] = {3, 9, 5};
    int64_t i = any(0, 2);
    g.lines = lines[i];
    g.span = spans[i];
    g.line = (ptrdiff_t)(g.span + any_size(0, 9));
    g.rows = g.lines * g.span;
    g.columns = any_size(1, 4);
    width = (g.lines - 1) * (size_t)g.line + g.span;
  }
  g.a_stride = (ptrdiff_t)any_size(g.lines > 1 ? 1 : width, width + 3);
  g.b_stride = (ptrdiff_t)(g.columns + any_size(0, 3));
  enum { most = 12 };
  g.a_image = g.a_stride * most + any(0, 5);
  g.b_image = g.b_stride * most + any(0, 5);
  g.a = floats((g.images - 1) * (size_t)g.a_image + extent(most, (size_t)g.a_stride, width), 1);
  g.b = floats((g.images - 1) * (size_t)g.b_image + extent(most, (size_t)g.b_stride, g.columns), 1);
  RowRun *runs = NEW(RowRun, g.run_count);
  for (size_t i = 0; i < g.run_count; i++) {
    int32_t count = (int32_t)any(0, most);
    runs[i] = (RowRun){.count = count};
    runs[i].a = (int32_t)(any(0, most - count) * g.a_stride);
    runs[i].b = (int32_t)(any(0, most - count) * g.b_stride);
  }
  g.runs = runs;
  g.c_stride = (ptrdiff_t)(g.columns + any_size(0, 3));
  size_t count = extent(g.rows, (size_t)g.c_stride, g.columns);
  g.c = floats(count, 1);
  t->cross_f32(&g);
  expect_floats(g.c, count, 3e-5);
}

void test_column_moments_f32(const KernelTable *t) {
  ColumnMomentsF32 s = {.rows = any_size(1, 40), .columns = any_size(1, 90)};
  s.stride = (ptrdiff_t)(s.columns + any_size(0, 3));
  s.x = floats(extent(s.rows, (size_t)s.stride, s.columns), 1);
  s.mean = floats(s.columns, 1);
  s.deviation = floats(s.columns, 1);
  t->column_moments_f32(&s);
  expect_floats(s.mean, s.columns, 1e-5);
  expect_floats(s.deviation, s.columns, 1e-5);
}

void test_column_scale_f32(const KernelTable *t) {
  ColumnScaleF32 s = {.rows = any_size(1, 9), .columns = any_size(1, 90)};
  s.low = coin() ? 0 : -INFINITY;
  s.high = coin() ? 0.5f : INFINITY;
  size_t count = s.rows * s.columns;
  s.x = floats(count, 1);
  if (coin()) s.residual = floats(count, 1);
  s.scale = floats(s.columns, 1);
  s.shift = floats(s.columns, 1);
  s.y = floats(count, 1);
  t->column_scale_f32(&s);
  expect_floats(s.y, count, 1e-5);
}

// Numbers whose sums of products are exact, so that all agree on which side of a bound they are.
static float *eighths(size_t count) {
  float *x = floats(count, 1);
  for (size_t i = 0; i < count; i++) x[i] = rintf(8 * x[i]) / 8;
  return x;
}

static ColumnGradientF32 column_gradient(void) {
  ColumnGradientF32 s = {.rows = any_size(1, 12), .columns = any_size(1, 90)};
  s.low = coin() ? 0 : -INFINITY;
  s.high = coin() ? 0.5f : INFINITY;
  size_t count = s.rows * s.columns;
  s.x = eighths(count);
  s.dy = floats(count, 1);
  if (coin()) s.residual = eighths(count);
  s.scale = eighths(s.columns);
  s.shift = eighths(s.columns);
  s.mean = floats(s.columns, 1);
  return s;
}

void test_column_gradient_sums_f32(const KernelTable *t) {
  ColumnGradientF32 s = column_gradient();
  s.sum = floats(s.columns, 1);
  s.product = floats(s.columns, 1);
  t->column_gradient_sums_f32(&s);
  expect_floats(s.sum, s.columns, 1e-5);
  expect_floats(s.product, s.columns, 1e-5);
}

void test_column_gradient_f32(const KernelTable *t) {
  ColumnGradientF32 s = column_gradient();
  size_t count = s.rows * s.columns;
  s.factor = floats(s.columns, 1);
  s.offset = floats(s.columns, 1);
  s.dx = floats(count, 1);
  if (coin()) s.dz = floats(count, 1);
  t->column_gradient_f32(&s);
  expect_floats(s.dx, count, 1e-5);
  if (s.dz) expect_floats(s.dz, count, 1e-5);
}
