// Depthwise convolutions and their gradients.
#include "test.h"

static size_t taps_of(const Window *w) { return (size_t)(w->kernel_height * w->kernel_width); }
static size_t pixels_of(const Window *w) { return (size_t)(w->height * w->width); }

void test_depthwise_f32(const KernelTable *t) {
  size_t output_height;
  DepthwiseF32 d = {.window = window(&output_height), .channels = any_size(1, 70)};
  if (coin()) d.channels = any_size(1, 9);
  d.row_begin = any_size(0, output_height - 1);
  d.row_end = any_size(d.row_begin, output_height);
  d.x_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.weight_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.y_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  size_t outputs = output_height * (size_t)d.window.output_width;
  d.x = floats(extent(pixels_of(&d.window), (size_t)d.x_stride, d.channels), 1);
  d.weights = floats(extent(taps_of(&d.window), (size_t)d.weight_stride, d.channels), 1);
  size_t count = extent(outputs, (size_t)d.y_stride, d.channels);
  d.y = floats(count, 1);
  d.epilogue = epilogue_f32(outputs, d.channels, 0);
  t->depthwise_f32(&d);
  expect_floats(d.y, count, 1e-5);
}

void test_depthwise_bf16(const KernelTable *t) {
  size_t output_height;
  DepthwiseBF16 d = {.window = window(&output_height), .channels = any_size(1, 70)};
  if (coin()) d.channels = any_size(1, 9);
  d.row_begin = any_size(0, output_height - 1);
  d.row_end = any_size(d.row_begin, output_height);
  d.x_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.weight_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.y_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  size_t outputs = output_height * (size_t)d.window.output_width;
  d.x = halves(extent(pixels_of(&d.window), (size_t)d.x_stride, d.channels), 1);
  d.weights = floats(extent(taps_of(&d.window), (size_t)d.weight_stride, d.channels), 1);
  size_t count = extent(outputs, (size_t)d.y_stride, d.channels);
  d.y = halves(count, 1);
  d.epilogue = epilogue_f32(outputs, d.channels, 1);
  t->depthwise_bf16(&d);
  expect_halves(d.y, count, 8e-3);
}

// Weights of bytes once more, four kernel rows together.
static const int8_t *weights4(const DepthwiseI8 *d) {
  size_t size = (size_t)d->window.kernel_width, groups = (size + 3) / 4, blocks = (d->channels + 63) / 64;
  int8_t *w = NEW(int8_t, blocks * size * groups * 256);
  for (size_t c = 0; c < d->channels; c++)
    for (size_t y = 0; y < size; y++)
      for (size_t x = 0; x < size; x++) {
        size_t l = c % 64 / 16, q = c % 16 / 4, element = c % 4;
        w[(((c / 64 * size + x) * groups + y / 4) * 4 + q) * 64 + l * 16 + element * 4 + y % 4] =
            (int8_t)d->weights[(ptrdiff_t)(y * size + x) * d->weight_stride + (ptrdiff_t)c];
      }
  return w;
}

void test_depthwise_i8(const KernelTable *t) {
  size_t output_height;
  DepthwiseI8 d = {.window = window(&output_height), .channels = any_size(1, 150)};
  if (coin()) d.channels = any_size(1, 9);
  d.row_begin = any_size(0, output_height - 1);
  d.row_end = any_size(d.row_begin, output_height);
  d.x_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.weight_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.y_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.x_signed = coin();
  d.x_zero = (int32_t)(d.x_signed ? any(-128, 127) : any(0, 255));
  d.result = (int32_t)any(gemm_result_i32, gemm_result_s8);
  size_t outputs = output_height * (size_t)d.window.output_width;
  size_t weight_count = extent(taps_of(&d.window), (size_t)d.weight_stride, d.channels);
  d.x = bytes(extent(pixels_of(&d.window), (size_t)d.x_stride, d.channels));
  int fits_bytes = coin();
  int16_t *weights = NEW(int16_t, weight_count);
  for (size_t i = 0; i < weight_count; i++) weights[i] = (int16_t)(fits_bytes ? any(-128, 127) : any(-255, 255));
  d.weights = weights;
  ptrdiff_t size = d.window.kernel_width;
  if (fits_bytes && size == d.window.kernel_height && (size == 3 || size == 5)) d.weights4 = weights4(&d);
  size_t count = extent(outputs, (size_t)d.y_stride, d.channels);
  size_t width = d.result == gemm_result_i32 || d.result == gemm_result_f32 ? 4 : 1;
  d.y = operand(count * width);
  d.epilogue = epilogue_i8(outputs, d.channels, d.result);
  t->depthwise_i8(&d);
  expect_bytes(d.y, count * width);
}

void test_depthwise_weights_f32(const KernelTable *t) {
  size_t output_height;
  DepthwiseWeightsF32 d = {.window = window(&output_height), .channels = any_size(1, 40)};
  d.row_begin = any_size(0, output_height - 1);
  d.row_end = any_size(d.row_begin, output_height);
  d.x_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.y_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.dw_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.x = floats(extent(pixels_of(&d.window), (size_t)d.x_stride, d.channels), 1);
  d.dy = floats(extent(output_height * (size_t)d.window.output_width, (size_t)d.y_stride, d.channels), 1);
  size_t count = extent(taps_of(&d.window), (size_t)d.dw_stride, d.channels);
  d.dw = floats(count, 1);
  t->depthwise_weights_f32(&d);
  expect_floats(d.dw, count, 3e-5);
}

void test_depthwise_inputs_f32(const KernelTable *t) {
  size_t output_height;
  DepthwiseInputsF32 d = {.window = window(&output_height), .channels = any_size(1, 40)};
  if (!any(0, 2)) {
    // The window that has a body of its own.
    Window w = {.height = any(3, 9), .width = any(3, 20), .kernel_height = 3, .kernel_width = 3, .stride_y = 2,
                .stride_x = 2, .dilation_y = 1, .dilation_x = 1, .pad_top = any(0, 1), .pad_left = any(0, 1)};
    w.output_width = (w.width + w.pad_left + any(0, 1) - 3) / 2 + 1;
    d.window = w;
    output_height = (size_t)((w.height + w.pad_top + any(0, 1) - 3) / 2 + 1);
  }
  d.output_height = (ptrdiff_t)output_height;
  d.row_begin = any_size(0, (size_t)d.window.height - 1);
  d.row_end = any_size(d.row_begin, (size_t)d.window.height);
  d.x_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.y_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.weight_stride = (ptrdiff_t)(d.channels + any_size(0, 3));
  d.dy = floats(extent(output_height * (size_t)d.window.output_width, (size_t)d.y_stride, d.channels), 1);
  d.weights = floats(extent(taps_of(&d.window), (size_t)d.weight_stride, d.channels), 1);
  size_t count = extent(pixels_of(&d.window), (size_t)d.x_stride, d.channels);
  d.dx = floats(count, 1);
  t->depthwise_inputs_f32(&d);
  expect_floats(d.dx, count, 3e-5);
}
