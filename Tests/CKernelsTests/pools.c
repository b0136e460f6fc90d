// Pools and their gradients.
#include "test.h"

static int32_t *offsets_of(size_t pixels, size_t taps, size_t positions, size_t stride) {
  int32_t *offsets = integers(pixels * taps, -1, (int32_t)positions - 1);
  for (size_t i = 0; i < pixels * taps; i++)
    if (offsets[i] > 0) offsets[i] *= (int32_t)stride;
  for (size_t p = 0; p < pixels; p++)
    if (offsets[p * taps] < 0) offsets[p * taps] = 0;
  return offsets;
}

static void expect_pool(const KernelTable *t, int averages) {
  Pool q = {.taps = any_size(1, 10), .pixels = any_size(1, 20), .channels = any_size(1, 150)};
  if (coin()) q.channels = any_size(1, 9);
  q.type = (int32_t)any(pool_f32, pool_s8);
  size_t positions = any_size(1, 30), x_stride = q.channels + any_size(0, 3);
  q.y_stride = (ptrdiff_t)(q.channels + any_size(0, 3));
  size_t x_count = extent(positions, x_stride, q.channels), y_count = extent(q.pixels, (size_t)q.y_stride, q.channels);
  q.offsets = offsets_of(q.pixels, q.taps, positions, x_stride);
  q.x = q.type == pool_f32 ? (void *)floats(x_count, 4) : q.type == pool_bf16 ? (void *)halves(x_count, 4)
                                                                             : (void *)bytes(x_count);
  size_t width = q.type == pool_f32 ? 4 : q.type == pool_bf16 ? 2 : 1;
  q.y = operand(y_count * width);
  float *reciprocals = floats(q.pixels, 1);
  for (size_t p = 0; p < q.pixels; p++) {
    int32_t count = 0;
    for (size_t i = 0; i < q.taps; i++) count += q.offsets[p * q.taps + i] >= 0;
    reciprocals[p] = 1 / (float)count;
  }
  q.reciprocals = reciprocals;
  q.scale = any_float(1) + 1.5f;
  int32_t low = q.type == pool_s8 ? -128 : 0;
  q.x_zero = (int32_t)any(low, low + 255);
  q.y_zero = (int32_t)any(low, low + 255);
  if (averages) t->pool_average(&q);
  else t->pool_maximum(&q);
  // Without products or sums the bits are the same; sums of a window are in the same order on every instruction set.
  expect_bytes(q.y, y_count * width);
}
void test_pool_maximum(const KernelTable *t) { expect_pool(t, 0); }
void test_pool_average(const KernelTable *t) { expect_pool(t, 1); }

static void expect_pool_gradient(const KernelTable *t, int averages) {
  PoolGradient q = {.taps = any_size(1, 10), .pixels = any_size(1, 20), .channels = any_size(1, 40), .apart = coin()};
  size_t positions = q.apart ? q.taps * q.pixels : any_size(1, 30), stride = q.channels + any_size(0, 3);
  q.y_stride = (ptrdiff_t)stride;
  int32_t *offsets = offsets_of(q.pixels, q.taps, positions, stride);
  if (q.apart)
    for (size_t i = 0; i < positions; i++)
      if (offsets[i] >= 0) offsets[i] = (int32_t)(i * stride);
  q.offsets = offsets;
  size_t count = extent(positions, stride, q.channels), results = extent(q.pixels, stride, q.channels);
  float *x = floats(count, 2), *y = NEW(float, results);
  for (size_t i = 0; i < count; i++) x[i] = rintf(x[i]);  // equals
  for (size_t p = 0; p < q.pixels; p++)
    for (size_t c = 0; c < q.channels; c++) {
      float most = -INFINITY;
      for (size_t i = 0; i < q.taps; i++) {
        int32_t at = offsets[p * q.taps + i];
        if (at >= 0) most = fmaxf(most, x[(size_t)at + c]);
      }
      y[p * stride + c] = most;
    }
  q.x = x;
  q.y = y;
  q.dy = floats(results, 1);
  q.reciprocals = floats(q.pixels, 1);
  q.dx = floats(count, 1);
  if (averages) t->pool_average_gradient(&q);
  else t->pool_maximum_gradient(&q);
  expect_bytes(q.dx, count * 4);
}
void test_pool_maximum_gradient(const KernelTable *t) { expect_pool_gradient(t, 0); }
void test_pool_average_gradient(const KernelTable *t) { expect_pool_gradient(t, 1); }
