// Transforms of 3×3 convolutions.
#include "test.h"

void test_winograd_input(const KernelTable *t) {
  size_t images, channels = any_size(1, 40);
  WinogradInput w = {.tiles = winograd_tiles(&images), .channels = channels};
  w.x_stride = (ptrdiff_t)(channels + any_size(0, 3));
  w.x = floats(extent(images * (size_t)(w.tiles.height * w.tiles.width), (size_t)w.x_stride, channels), 1);
  size_t width = up(channels, t->lanes), points = (size_t)((w.tiles.size + 2) * (w.tiles.size + 2));
  w.v_stride = (ptrdiff_t)width;
  w.point_stride = w.v_stride * (ptrdiff_t)w.tiles.count;
  w.v = NEW(float, points * w.tiles.count * width);
  t->winograd_input(&w);
  for (size_t i = 0; i < points * w.tiles.count; i++) expect_floats(w.v + i * width, channels, 1e-5);
}

void test_winograd_output(const KernelTable *t) {
  size_t images, channels = any_size(1, 40);
  WinogradOutput w = {.tiles = winograd_tiles(&images), .channels = channels};
  size_t pixels = images * (size_t)(w.tiles.output_height * w.tiles.output_width);
  w.y_stride = (ptrdiff_t)(channels + any_size(0, 3));
  size_t count = extent(pixels, (size_t)w.y_stride, channels);
  w.y = floats(count, 1);
  w.epilogue = epilogue_f32(pixels, channels, 0);
  size_t points = (size_t)((w.tiles.size + 2) * (w.tiles.size + 2)), width = up(channels, t->lanes);
  const float *sums = floats(points * w.tiles.count * channels, 1);
  float *s = NEW(float, points * w.tiles.count * width);
  for (size_t i = 0; i < points * w.tiles.count; i++) memcpy(s + i * width, sums + i * channels, channels * 4);
  w.s = s;
  w.s_stride = (ptrdiff_t)width;
  w.point_stride = w.s_stride * (ptrdiff_t)w.tiles.count;
  t->winograd_output(&w);
  expect_floats(w.y, count, 1e-5);
}

void test_winograd_weights(const KernelTable *t) {
  WinogradWeights w = {.size = coin() ? 2 : 4, .count = 16 * any_size(1, 12)};
  w.taps = floats(9 * w.count, 1);
  size_t count = (size_t)((w.size + 2) * (w.size + 2)) * w.count;
  w.u = NEW(float, count);
  t->winograd_weights(&w);
  expect_floats(w.u, count, 1e-6);
}
