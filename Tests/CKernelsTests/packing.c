// Layouts of packed operands depend on the table: elements are looked up where the layout says, and the rest must be 0.
#include "test.h"

// Where column j of n begins, and how far apart its rows are.
static size_t place(const KernelTable *t, size_t k, size_t n, size_t j, size_t *width) {
  size_t first = j / t->panel_columns * t->panel_columns;
  *width = up(least(n - first, t->panel_columns), t->lanes);
  return first * k;
}
static size_t columns_of(const KernelTable *t, size_t n) {
  return n / t->panel_columns * t->panel_columns + up(n % t->panel_columns, t->lanes);
}

static void expect_rest(const uint8_t *p, size_t size, size_t used) {
  size_t set = 0;
  for (size_t i = 0; i < size; i++) set += p[i] != 0;
  expect(set == used, "what is not an element is not 0");
}

// A matrix by rows, by columns, or with gaps everywhere; returns its bytes, none of them 0.
static const uint8_t *matrix(size_t k, size_t n, size_t width, ptrdiff_t *row, ptrdiff_t *column, size_t *size) {
  int64_t form = any(0, 2);
  size_t gap = any_size(0, 5);
  *column = (ptrdiff_t)(form == 0 ? width : form == 1 ? k * width + gap : width + gap);
  *row = (ptrdiff_t)(form == 0 ? n * width + gap : form == 1 ? width : n * (width + gap));
  *size = (k ? (k - 1) * (size_t)*row : 0) + (n - 1) * (size_t)*column + width;
  uint8_t *p = bytes(*size);
  for (size_t i = 0; i < *size; i++) p[i] = p[i] % 100 + 28;
  return p;
}

void test_pack_f32(const KernelTable *t) {
  PackB p = {.k = any_size(1, 40), .n = any_size(1, 150)};
  size_t size, width;
  const uint8_t *source = matrix(p.k, p.n, 4, &p.row_stride, &p.column_stride, &size);
  size_t count = p.k * columns_of(t, p.n);
  float *panels = floats(count, 1);
  p.source = source;
  p.panels = panels;
  t->pack_f32(&p);
  for (size_t j = 0; j < p.n; j++)
    for (size_t k = 0; k < p.k; k++) {
      size_t at = place(t, p.k, p.n, j, &width);
      expect_bytes(panels + at + k * width + j % t->panel_columns, 4);
      expect(memcmp(panels + at + k * width + j % t->panel_columns,
                    source + (ptrdiff_t)k * p.row_stride + (ptrdiff_t)j * p.column_stride, 4) == 0,
             "an element is not where it belongs");
    }
  expect_rest((const uint8_t *)panels, count * 4, p.k * p.n * 4);
}

void test_pack_i8(const KernelTable *t) {
  PackBI8 p = {.taps = any_size(1, 4), .depth = any_size(1, 20), .n = any_size(1, 150), .is_unsigned = coin()};
  size_t size, width, depth4 = up(p.depth, 4), k = p.taps * depth4;
  const uint8_t *source = matrix(p.taps * p.depth, p.n, 1, &p.row_stride, &p.column_stride, &size);
  p.tap_stride = p.row_stride * (ptrdiff_t)p.depth;
  size_t count = k * columns_of(t, p.n);
  p.source = source;
  p.panels = (int8_t *)operand(count);
  memset(p.panels, 1, count);
  p.sums = NEW(int32_t, columns_of(t, p.n));
  t->pack_i8(&p);
  for (size_t j = 0; j < p.n; j++)
    for (size_t i = 0; i < p.taps * p.depth; i++) {
      size_t at = i / p.depth * depth4 + i % p.depth, first = place(t, k, p.n, j, &width);
      int8_t v = p.panels[first + (at / 4 * width + j % t->panel_columns) * 4 + at % 4];
      expect_bytes(&v, 1);
      uint8_t x = source[(ptrdiff_t)i * p.row_stride + (ptrdiff_t)j * p.column_stride];
      expect(v == (int8_t)(p.is_unsigned ? x ^ 0x80 : x), "an element is not where it belongs");
    }
  expect_bytes(p.sums, p.n * 4);
  expect_rest((const uint8_t *)p.panels, count, p.taps * p.depth * p.n);
}

void test_pack_bf16(const KernelTable *t) {
  PackBF16 p = {.taps = any_size(1, 4), .depth = any_size(1, 20), .n = any_size(1, 150)};
  p.padded_depth = up(p.depth, t->bf16_depth);
  size_t size, width, k = p.taps * p.padded_depth;
  p.source = matrix(p.taps * p.depth, p.n, 4, &p.row_stride, &p.column_stride, &size);
  p.tap_stride = p.row_stride * (ptrdiff_t)p.depth;
  size_t count = k * columns_of(t, p.n);
  p.panels = NEW(uint16_t, count);
  memset(p.panels, 1, count * 2);
  t->pack_bf16(&p);
  for (size_t j = 0; j < p.n; j++)
    for (size_t i = 0; i < p.taps * p.depth; i++) {
      size_t at = i / p.depth * p.padded_depth + i % p.depth, first = place(t, k, p.n, j, &width);
      expect_bytes(p.panels + first + (at / 2 * width + j % t->panel_columns) * 2 + at % 2, 2);
    }
  size_t set = 0;
  for (size_t i = 0; i < count; i++) set += p.panels[i] != 0;
  expect(set == p.taps * p.depth * p.n, "what is not an element is not 0");
}
