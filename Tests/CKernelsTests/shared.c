#include "test.h"

static void *elements(size_t count, size_t width) {
  return width == 4 ? (void *)floats(count, 1) : width == 2 ? (void *)halves(count, 1) : (void *)bytes(count);
}

RowSource row_source(size_t rows, size_t width) {
  RowSource s = {.taps = 1, .depth = any_size(0, 70)};
  if (coin()) s.depth = any_size(1, 9);
  if (coin()) {
    s.stride = (ptrdiff_t)(s.depth + any_size(0, 3));
    s.base = elements(extent(rows, (size_t)s.stride, s.depth), width);
    return s;
  }
  s.taps = any_size(1, 5);
  size_t pieces = any_size(1, 7), step = s.depth + any_size(0, 3);
  s.base = elements(extent(pieces, step, s.depth), width);
  s.padding = elements(s.depth, width);
  s.offset_stride = (ptrdiff_t)(s.taps + any_size(0, 2));
  size_t offset_count = extent(rows, (size_t)s.offset_stride, s.taps);
  int32_t *offsets = integers(offset_count, -1, (int32_t)pieces - 1);
  for (size_t i = 0; i < offset_count; i++)
    if (offsets[i] > 0) offsets[i] *= (int32_t)step;
  s.offsets = offsets;
  return s;
}

RowSource long_row_source(size_t rows, size_t depth, size_t width) {
  RowSource s = {.taps = 1, .depth = depth, .stride = (ptrdiff_t)(depth + any_size(0, 3))};
  s.base = elements(extent(rows, (size_t)s.stride, depth), width);
  return s;
}

EpilogueF32 epilogue_f32(size_t rows, size_t columns, int half) {
  EpilogueF32 e = {.alpha = coin() ? 1 : any_float(1)};
  e.activation = coin() ? (int32_t)any(activation_none, activation_clip)
                        : (int32_t)any(activation_none, activation_hard_swish);
  e.p0 = e.activation == activation_clip ? -any_float(1) - 1 : 0.2f;
  e.p1 = e.activation == activation_clip ? any_float(1) + 1 : 0.5f;
  if (coin()) e.bias = floats(columns, 1);
  e.residual_stride = (ptrdiff_t)(columns + any_size(0, 3));
  size_t count = extent(rows, (size_t)e.residual_stride, columns);
  if (coin()) {
    if (half) e.residual_half = halves(count, 1);
    else e.residual = floats(count, 1);
  }
  return e;
}

EpilogueI8 epilogue_i8(size_t rows, size_t columns, int32_t result) {
  int is_bytes = result == gemm_result_u8 || result == gemm_result_s8;
  EpilogueI8 e = {.output_scale = 1, .residual_type = gemm_result_f32};
  if (coin()) e.bias_i32 = integers(columns, -5000, 5000);
  if (result == gemm_result_i32) return e;
  float *scale = floats(columns, 1);
  for (size_t i = 0; i < columns; i++) scale[i] = (scale[i] + 1.01f) * 0.01f;
  e.scale = scale;
  e.scale_step = coin();
  if (coin()) e.bias = floats(columns, 3);
  if (coin()) {
    e.activation = coin() ? activation_clip : (int32_t)any(activation_none, activation_hard_swish);
    e.p0 = e.activation == activation_clip ? -any_float(10) - 10 : 0.2f;
    e.p1 = e.activation == activation_clip ? any_float(10) + 10 : 0.5f;
  }
  if (is_bytes) {
    e.output_scale = coin() ? 1 : (any_float(1) + 1.1f) * 3;
    e.output_zero = (int32_t)(result == gemm_result_u8 ? any(0, 255) : any(-128, 127));
  }
  if (coin()) {
    e.residual_type = is_bytes ? (int32_t)any(gemm_result_f32, gemm_result_s8) : gemm_result_f32;
    e.residual_stride = (ptrdiff_t)(columns + any_size(0, 3));
    size_t count = extent(rows, (size_t)e.residual_stride, columns);
    e.residual = e.residual_type == gemm_result_f32 ? (void *)floats(count, 20) : (void *)bytes(count);
    e.residual_scale = 0.1f;
    e.residual_zero = (int32_t)(e.residual_type == gemm_result_u8 ? any(0, 255) : any(-128, 127));
    if (coin()) {
      e.inner_scale = 0.25f;
      e.inner_low = (float)any(-128, -10);
      e.inner_high = (float)any(10, 127);
    }
  }
  return e;
}

Window window(size_t *output_height) {
  static const ptrdiff_t widths[] = {3, 3, 3, 5, 5, 7, 1, 2, 4};
  Window w;
  w.kernel_width = widths[any(0, 8)];
  w.kernel_height = coin() ? w.kernel_width : widths[any(0, 8)];
  w.stride_x = coin() ? 1 : any(1, 3);
  w.stride_y = coin() ? w.stride_x : any(1, 3);
  w.dilation_x = any(0, 3) ? 1 : 2;
  w.dilation_y = any(0, 3) ? 1 : 2;
  w.pad_left = any(0, w.kernel_width - 1);
  w.pad_top = any(0, w.kernel_height - 1);
  ptrdiff_t reach_x = (w.kernel_width - 1) * w.dilation_x + 1, reach_y = (w.kernel_height - 1) * w.dilation_y + 1;
  ptrdiff_t right = any(0, w.kernel_width - 1), below = any(0, w.kernel_height - 1);
  w.width = any(1, 24);
  w.height = any(1, 9);
  if (w.width + w.pad_left + right < reach_x) w.width = reach_x;
  if (w.height + w.pad_top + below < reach_y) w.height = reach_y;
  w.output_width = (w.width + w.pad_left + right - reach_x) / w.stride_x + 1;
  *output_height = (size_t)((w.height + w.pad_top + below - reach_y) / w.stride_y + 1);
  return w;
}

WinogradTiles winograd_tiles(size_t *images) {
  WinogradTiles t = {.size = coin() ? 2 : 4, .height = any(1, 13), .width = any(1, 13)};
  t.pad_top = any(t.height < 3, 2);
  t.pad_left = any(t.width < 3, 2);
  t.output_height = t.height + t.pad_top - 2 + any(t.height + t.pad_top < 3, 1);
  t.output_width = t.width + t.pad_left - 2 + any(t.width + t.pad_left < 3, 1);
  *images = any_size(1, 2);
  size_t across = up((size_t)t.output_width, (size_t)t.size) / (size_t)t.size;
  size_t down = up((size_t)t.output_height, (size_t)t.size) / (size_t)t.size, tiles = *images * across * down;
  t.begin = any_size(0, tiles - 1);
  t.count = any_size(1, tiles - t.begin);
  return t;
}
