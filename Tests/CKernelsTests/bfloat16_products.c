// bfloat16 products and what lays out their operands.
#include "test.h"

// B [taps][depth][n] as pairs of rows, each piece filled up with zeros to `padded` rows.
static const uint16_t *panels_bf16(const KernelTable *t, const uint16_t *b, size_t taps, size_t depth, size_t padded,
                                   size_t n) {
  size_t k = taps * padded;
  uint16_t *panels = NEW(uint16_t, k * (n / t->panel_columns * t->panel_columns + up(n % t->panel_columns, t->lanes)));
  for (size_t j = 0; j < n; j++) {
    size_t first = j / t->panel_columns * t->panel_columns;
    size_t width = up(least(n - first, t->panel_columns), t->lanes);
    for (size_t i = 0; i < taps * depth; i++) {
      size_t at = i / depth * padded + i % depth;
      panels[first * k + (at / 2 * width + j - first) * 2 + at % 2] = b[i * n + j];
    }
  }
  return panels;
}

void test_gemm_bf16(const KernelTable *t) {
  GemmBF16 g = {.rows = any_size(1, 70), .narrow = coin()};
  if (coin()) g.rows = least(g.rows, 13);
  int is_long = !any(0, 11);
  g.a = is_long ? long_row_source(g.rows, any_size(1000, 1300), 2) : row_source(g.rows, 2);
  size_t n = any_size(1, is_long ? 40 : 150), padded = up(g.a.depth, t->bf16_depth), k = g.a.taps * padded;
  const uint16_t *b = halves(g.a.taps * g.a.depth * n, is_long ? 0.1f : 1);
  g.c_stride = (ptrdiff_t)(n + any_size(0, 5));
  size_t count = extent(g.rows, (size_t)g.c_stride, n);
  void *c = g.narrow ? (void *)halves(count, 1) : (void *)floats(count, 1);
  EpilogueF32 e = epilogue_f32(g.rows, n, coin());
  if (coin()) e.row_bias = floats(g.rows, 1);
  const uint16_t *panels = panels_bf16(t, b, g.a.taps, g.a.depth, padded, n);
  for (size_t first = 0; first < n; first += t->panel_columns) {
    g.columns = least(n - first, t->panel_columns);
    g.b = panels + first * k;
    g.c = (char *)c + first * (g.narrow ? 2 : 4);
    g.epilogue = e;
    if (e.bias) g.epilogue.bias += first;
    if (e.residual) g.epilogue.residual += first;
    if (e.residual_half) g.epilogue.residual_half += first;
    t->gemm_bf16(&g);
  }
  if (g.narrow) expect_halves(c, count, 8e-3);
  else expect_floats(c, count, 5e-5);
}

void test_wide_bf16(const KernelTable *t) {
  size_t rows = any_size(1, 20), depth = any_size(1, 90), n = any_size(1, 150);
  ptrdiff_t a_stride = (ptrdiff_t)(depth + any_size(0, 3)), c_stride = (ptrdiff_t)(n + any_size(0, 5));
  const float *a = floats(extent(rows, (size_t)a_stride, depth), 1);
  const uint16_t *b = halves(depth * n, 1);
  float *c = floats(extent(rows, (size_t)c_stride, n), 1);
  EpilogueF32 e = epilogue_f32(rows, n, 0);
  size_t padded = up(depth, t->bf16_depth);
  const uint16_t *panels = panels_bf16(t, b, 1, depth, padded, n);
  for (size_t first = 0; first < n; first += t->panel_columns) {
    GemmBF16 g = {.a = {.base = a, .stride = a_stride, .taps = 1, .depth = depth}, .b = panels + first * padded,
                  .c = c + first, .c_stride = c_stride, .rows = rows, .columns = least(n - first, t->panel_columns),
                  .epilogue = e};
    if (e.bias) g.epilogue.bias += first;
    if (e.residual) g.epilogue.residual += first;
    t->wide_bf16(&g);
  }
  expect_floats(c, extent(rows, (size_t)c_stride, n), 5e-5);
}

void test_narrow_bf16(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *x = floats(n, 100);
  if (n > 8) {
    x[3] = INFINITY;
    x[5] = NAN;
    x[n - 1] = -3.4e38f;
  }
  uint16_t *y = NEW(uint16_t, n);
  t->narrow_bf16(x, y, n, coin() ? 1 : any_float(1));
  expect_bytes(y, n * 2);
}

// Result rows of these hold whole vectors, so that their length depends on the table; what is expected does not.
static void expect_pairs(const uint16_t *panel, size_t padded_k, size_t n, size_t width) {
  for (size_t p = 0; p < padded_k; p += 2) {
    expect_bytes(panel + p * width, n * 4);
    for (size_t j = 2 * n; j < 2 * width; j++) expect(panel[p * width + j] == 0, "columns behind the last are not 0");
  }
}

void test_pair_bf16(const KernelTable *t) {
  size_t n = any_size(1, 70), k = any_size(1, 20), padded_k = up(k, coin() ? 2 : 32);
  ptrdiff_t stride = (ptrdiff_t)(n + any_size(0, 4));
  const uint16_t *x = halves(extent(k, (size_t)stride, n), 1);
  size_t width = up(n, t->lanes);
  uint16_t *panel = NEW(uint16_t, padded_k * width);
  t->pair_bf16(x, stride, k, padded_k, n, panel, width);
  expect_pairs(panel, padded_k, n, width);
}

void test_pair_rows_bf16(const KernelTable *t) {
  size_t n = any_size(1, 70), k = any_size(1, 20), padded_k = up(k, coin() ? 2 : 32), places = any_size(1, 6);
  const uint16_t *x = halves(places * n, 1);
  int32_t *offsets = integers(k, -1, (int32_t)places - 1);
  for (size_t i = 0; i < k; i++)
    if (offsets[i] > 0) offsets[i] *= (int32_t)n;
  size_t width = up(n, t->lanes);
  uint16_t *panel = NEW(uint16_t, padded_k * width);
  t->pair_rows_bf16(x, offsets, k, padded_k, n, panel, width);
  expect_pairs(panel, padded_k, n, width);
}
