// Quantized elements, and moves of small ones.
#include "test.h"

void test_look_up(const KernelTable *t) {
  size_t n = any_size(0, 200);
  uint8_t *x = bytes(n), *y = coin() ? x : bytes(n);
  t->look_up(x, y, n, bytes(256));
  expect_bytes(y, n);
}

void test_quantize(const KernelTable *t) {
  size_t n = any_size(0, 200);
  float *x = floats(n, 40);
  for (size_t i = 0; i < n; i += 2) x[i] = rintf(2 * x[i]) / 2;  // halves
  if (n > 8) {
    x[2] = NAN;
    x[3] = INFINITY;
    x[n - 1] = -1e30f;
  }
  int is_signed = coin();
  int32_t zero = (int32_t)(is_signed ? any(-128, 127) : any(0, 255));
  uint8_t *y = bytes(n);
  t->quantize(x, y, n, coin() ? 1 : any_float(1) + 1.2f, zero, is_signed);
  expect_bytes(y, n);
}

void test_dequantize(const KernelTable *t) {
  size_t n = any_size(0, 200);
  int is_signed = coin();
  const uint8_t *x = bytes(n);
  float *y = floats(n, 1);
  t->dequantize(x, y, n, any_float(1) + 1.2f, (int32_t)(is_signed ? any(-128, 127) : any(0, 255)), is_signed);
  expect_bytes(y, n * 4);
}

void test_extremes(const KernelTable *t) {
  size_t n = any_size(0, 200);
  float *x = floats(n, 10), range[2] = {coin() ? 0 : INFINITY, coin() ? 0 : -INFINITY};
  if (n > 40 && coin()) x[3] = NAN;
  t->extremes(x, n, &range[0], &range[1]);
  expect_bytes(range, sizeof range);
}

void test_combine_bytes(const KernelTable *t) {
  CombineBytes c = {.a_signed = coin(), .b_signed = coin(), .y_signed = coin(), .is_product = coin()};
  c.loop = (RowLoop){.rows = any_size(1, 6), .n = any_size(1, 150), .repeat = (int32_t)any(0, 3)};
  size_t n = c.loop.n, counts[2];
  for (int i = 0; i < 2; i++) {
    size_t length = c.loop.repeat >> i & 1 ? 1 : n;
    c.loop.step[i] = coin() ? 0 : (ptrdiff_t)(length + any_size(0, 2));
    counts[i] = extent(c.loop.rows, (size_t)c.loop.step[i], length);
  }
  c.a = bytes(counts[0]);
  c.b = bytes(counts[1]);
  c.y = bytes(c.loop.rows * n);
  c.a_zero = (int32_t)(c.a_signed ? any(-128, 127) : any(0, 255));
  c.b_zero = (int32_t)(c.b_signed ? any(-128, 127) : any(0, 255));
  c.y_zero = (int32_t)(c.y_signed ? any(-128, 127) : any(0, 255));
  c.a_scale = (any_float(1) + 1.1f) * (c.is_product ? 0.01f : 0.5f);
  c.b_scale = any_float(1) + 1.1f;
  t->combine_bytes(&c);
  expect_bytes(c.y, c.loop.rows * n);
}

void test_shuffle_split(const KernelTable *t) {
  ShuffleSplit s = {.positions = any_size(1, 6), .channels = 2 * any_size(1, 60), .width = 1u << any(0, 2)};
  s.apart = coin();
  int is_one = coin(), makes = (int)any(1, 3);
  size_t n = s.channels * s.width;
  s.stride = (is_one ? 2 : 1) * s.channels + any_size(0, 3);
  size_t size = extent(s.positions, s.stride * s.width, (is_one ? 2 : 1) * n);
  s.a = bytes(size);
  s.b = is_one ? s.a + n : bytes(size);
  if (makes & 1) s.y = bytes(s.positions * n);
  if (makes & 2) s.z = bytes(s.positions * n);
  t->shuffle_split(&s);
  if (s.y) expect_bytes(s.y, s.positions * n);
  if (s.z) expect_bytes(s.z, s.positions * n);
}

void test_shuffle_channels(const KernelTable *t) {
  size_t positions = any_size(1, 5), groups = any_size(1, 4), depth = any_size(1, 70), width = 1u << any(0, 3);
  size_t size = positions * groups * depth * width;
  const uint8_t *x = bytes(size);
  uint8_t *y = bytes(size);
  t->shuffle_channels(x, y, positions, groups, depth, width);
  expect_bytes(y, size);
}
