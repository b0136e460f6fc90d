// int8 products, whose bits are the same everywhere.
#include "test.h"

typedef struct {
  const int8_t *panels;
  size_t depth4;
} Panels;

// The panels of B [taps][depth][n] as `pack_i8` lays them out, with the bytes behind them that products may read.
static Panels panels_i8(const KernelTable *t, const int8_t *b, size_t taps, size_t depth, size_t n) {
  size_t depth4 = up(depth, 4), k = taps * depth4;
  size_t columns = n / t->panel_columns * t->panel_columns + up(n % t->panel_columns, t->lanes);
  int8_t *panels = NEW(int8_t, k * columns + panel_slack);
  for (size_t j = 0; j < n; j++) {
    size_t first = j / t->panel_columns * t->panel_columns;
    size_t width = up(least(n - first, t->panel_columns), t->lanes);
    for (size_t i = 0; i < taps * depth; i++) {
      size_t at = i / depth * depth4 + i % depth;
      panels[first * k + (at / 4 * width + j - first) * 4 + at % 4] = b[i * n + j];
    }
  }
  return (Panels){panels, depth4};
}

void test_gemm_i8(const KernelTable *t) {
  GemmI8 g = {.rows = any_size(1, 70), .a_signed = coin()};
  if (coin()) g.rows = least(g.rows, 13);
  int is_long = !any(0, 11);
  g.a = is_long ? long_row_source(g.rows, any_size(6000, 6400), 1) : row_source(g.rows, 1);
  size_t k = g.a.taps * g.a.depth, n = any_size(1, is_long ? 20 : 150);
  const int8_t *b = (const int8_t *)bytes(k * n);
  g.result = (int32_t)any(gemm_result_i32, gemm_result_s8);
  size_t width = g.result == gemm_result_i32 || g.result == gemm_result_f32 ? 4 : 1;
  g.c_stride = (ptrdiff_t)(n + any_size(0, 5));
  size_t count = extent(g.rows, (size_t)g.c_stride, n);
  uint8_t *c = width == 4 ? (uint8_t *)NEW(int32_t, count) : bytes(count);
  int32_t low = g.a_signed ? -128 : 0;
  g.a_zero = (int32_t)any(low, low + 255);
  if (!any(0, 3)) g.a_zeros = integers(g.rows, low, low + 255);
  const int32_t *b_zeros = any(0, 3) ? NULL : integers(n, -128, 127);
  int32_t *sums = NEW(int32_t, n);
  for (size_t i = 0; i < k * n; i++) sums[i % n] += b[i];
  EpilogueI8 e = epilogue_i8(g.rows, n, g.result);
  if (e.scale && coin()) e.row_scale = floats(g.rows, 1);
  Panels p = panels_i8(t, b, g.a.taps, g.a.depth, n);
  for (size_t first = 0; first < n; first += t->panel_columns) {
    g.columns = least(n - first, t->panel_columns);
    g.b = p.panels + first * g.a.taps * p.depth4;
    g.c = c + first * width;
    g.b_sums = sums + first;
    g.b_zeros = b_zeros ? b_zeros + first : NULL;
    g.epilogue = e;
    if (e.bias_i32) g.epilogue.bias_i32 += first;
    if (e.scale) g.epilogue.scale += e.scale_step ? first : 0;
    if (e.bias) g.epilogue.bias += first;
    if (e.residual)
      g.epilogue.residual = (const char *)e.residual + first * (e.residual_type == gemm_result_f32 ? 4 : 1);
    t->gemm_i8(&g);
  }
  expect_bytes(c, count * width);
}
