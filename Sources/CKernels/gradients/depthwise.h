#include "../convolution/window.h"

// Output columns of one kernel column whose input lies inside the image.
INLINE void tap_columns(const Window *w, ptrdiff_t kx, ptrdiff_t *begin, ptrdiff_t *end) {
  ptrdiff_t origin = kx * w->dilation_x - w->pad_left;
  *begin = origin < 0 ? (-origin + w->stride_x - 1) / w->stride_x : 0;
  *end = w->width - 1 - origin < 0 ? 0 : (w->width - 1 - origin) / w->stride_x + 1;
  if (*end > w->output_width) *end = w->output_width;
  if (*begin > *end) *begin = *end;
}

// One output row and one kernel row of a window `width` wide, without dilation: sums of all its columns at once.
INLINE void depthwise_weights_row(const DepthwiseWeightsF32 *d, const float *x, const float *dy, float *dw, size_t n,
                                  int width, int stride) {
  vf acc[7];
#pragma clang loop unroll(full)
  for (int k = 0; k < width; k++) acc[k] = vload_some(dw + k * d->dw_stride, n);
  ptrdiff_t begin, end, column = 0;
  window_columns(&d->window, &begin, &end);
  for (; column < d->window.output_width; column++) {
    ptrdiff_t origin = column * stride - d->window.pad_left;
    vf g = vload_some(dy + column * d->y_stride, n);
    if (column >= begin && column < end) {
#pragma clang loop unroll(full)
      for (int k = 0; k < width; k++) acc[k] = vfma(vload_some(x + (origin + k) * d->x_stride, n), g, acc[k]);
    } else {
#pragma clang loop unroll(full)
      for (int k = 0; k < width; k++)
        if (origin + k >= 0 && origin + k < d->window.width)
          acc[k] = vfma(vload_some(x + (origin + k) * d->x_stride, n), g, acc[k]);
    }
  }
#pragma clang loop unroll(full)
  for (int k = 0; k < width; k++) vstore_some(dw + k * d->dw_stride, acc[k], n);
}

// One output row and one kernel row of any window.
INLINE void depthwise_weights_any(const DepthwiseWeightsF32 *d, const float *x, const float *dy, float *dw, size_t n) {
  const Window *w = &d->window;
  for (ptrdiff_t kx = 0; kx < w->kernel_width; kx++) {
    ptrdiff_t begin, end;
    tap_columns(w, kx, &begin, &end);
    vf acc = vload_some(dw + kx * d->dw_stride, n);
    for (ptrdiff_t column = begin; column < end; column++) {
      ptrdiff_t ix = column * w->stride_x - w->pad_left + kx * w->dilation_x;
      acc = vfma(vload_some(x + ix * d->x_stride, n), vload_some(dy + column * d->y_stride, n), acc);
    }
    vstore_some(dw + kx * d->dw_stride, acc, n);
  }
}

// All nine sums of a window of 3 × 3 over output rows row_begin..<row_end. Rows outside the image are zeros that do not
// advance.
INLINE void depthwise_weights_3x3(const DepthwiseWeightsF32 *d, size_t row, size_t c, size_t n, int stride) {
  const Window *w = &d->window;
  vf acc[9];
#pragma clang loop unroll(full)
  for (int i = 0; i < 9; i++) acc[i] = vload_some(d->dw + i * d->dw_stride + c, n);
  ptrdiff_t begin, end, columns = w->output_width, width = w->width, pad = w->pad_left;
  ptrdiff_t x_stride = d->x_stride, y_stride = d->y_stride;
  window_columns(w, &begin, &end);
  static const float zeros[LANES];
  const float *x[3];
  ptrdiff_t step[3];
#pragma clang loop unroll(full)
  for (int ky = 0; ky < 3; ky++) {
    ptrdiff_t iy = (ptrdiff_t)row * w->stride_y - w->pad_top + ky;
    int inside = iy >= 0 && iy < w->height;
    step[ky] = inside ? x_stride : 0;
    x[ky] = inside ? d->x + iy * width * x_stride + c : zeros;
  }
  const float *dy = d->dy + (ptrdiff_t)row * columns * y_stride + c;
  for (ptrdiff_t column = 0; column < columns;) {
    const float *p[3], *g_at = dy + column * y_stride;
#pragma clang loop unroll(full)
    for (int ky = 0; ky < 3; ky++) p[ky] = x[ky] + (column * stride - pad) * step[ky];
    for (; column >= begin && column < end; column++, g_at += y_stride) {
      vf g = vload_some(g_at, n);
#pragma clang loop unroll(full)
      for (int ky = 0; ky < 3; ky++) {
#pragma clang loop unroll(full)
        for (int kx = 0; kx < 3; kx++)
          acc[ky * 3 + kx] = vfma(vload_some(p[ky] + kx * step[ky], n), g, acc[ky * 3 + kx]);
        p[ky] += stride * step[ky];
      }
    }
    if (column >= columns) break;
    vf g = vload_some(dy + column * y_stride, n);
    ptrdiff_t origin = column * stride - pad;
#pragma clang loop unroll(full)
    for (int kx = 0; kx < 3; kx++) {
      if (origin + kx < 0 || origin + kx >= width) continue;
#pragma clang loop unroll(full)
      for (int ky = 0; ky < 3; ky++)
        acc[ky * 3 + kx] = vfma(vload_some(x[ky] + (origin + kx) * step[ky], n), g, acc[ky * 3 + kx]);
    }
    column++;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 9; i++) vstore_some(d->dw + i * d->dw_stride + c, acc[i], n);
}

static __attribute__((noinline)) void CAT(depthwise_weights_3x3_row, ISA)(const DepthwiseWeightsF32 *d, size_t row,
                                                                          int stride) {
  size_t c = 0;
  if (stride == 1)
    for (; c + LANES <= d->channels; c += LANES) depthwise_weights_3x3(d, row, c, LANES, 1);
  else
    for (; c + LANES <= d->channels; c += LANES) depthwise_weights_3x3(d, row, c, LANES, 2);
  if (c < d->channels) depthwise_weights_3x3(d, row, c, d->channels - c, stride);
}

KERNEL(depthwise_weights_f32)(const DepthwiseWeightsF32 *d) {
  const Window *w = &d->window;
  if (LANES > 4 && w->kernel_height == 3 && w->kernel_width == 3 && w->stride_x <= 2 && w->dilation_x == 1 &&
      w->dilation_y == 1) {
    for (size_t row = d->row_begin; row < d->row_end; row++) CAT(depthwise_weights_3x3_row, ISA)(d, row, (int)w->stride_x);
    return;
  }
  for (size_t c = 0; c < d->channels; c += LANES) {
    size_t n = d->channels - c < LANES ? d->channels - c : LANES;
    for (size_t row = d->row_begin; row < d->row_end; row++) {
      ptrdiff_t first, count;
      window_rows(w, row, &first, &count);
      const float *dy = d->dy + (ptrdiff_t)row * w->output_width * d->y_stride + c;
      for (ptrdiff_t ky = first; ky < first + count; ky++) {
        ptrdiff_t iy = (ptrdiff_t)row * w->stride_y - w->pad_top + ky * w->dilation_y;
        const float *x = d->x + iy * w->width * d->x_stride + c;
        float *dw = d->dw + ky * w->kernel_width * d->dw_stride + c;
#define ROW(kernel, stride)                                                         \
  if (w->kernel_width == kernel && w->stride_x == stride && w->dilation_x == 1) {   \
    if (n == LANES) depthwise_weights_row(d, x, dy, dw, LANES, kernel, stride);     \
    else depthwise_weights_row(d, x, dy, dw, n, kernel, stride);                    \
    continue;                                                                       \
  }
        WINDOW_BODIES(ROW)
#undef ROW
        depthwise_weights_any(d, x, dy, dw, n);
      }
    }
  }
}

// One row of a window of 3 × 3 with strides of 2, two columns at a time: an even one reads the outer taps, an odd one the
// middle tap, of `count` rows of dy.
INLINE void depthwise_inputs_3x3(const DepthwiseInputsF32 *d, const float *const dy[], const float *const weights[],
                                 float *dx, size_t c, size_t n, int count) {
  vf w[2][3], before[2];
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++)
#pragma clang loop unroll(full)
    for (int k = 0; k < 3; k++) w[i][k] = vload_some(weights[i] + k * d->weight_stride + c, n);
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) before[i] = (vf)0.0f;
  ptrdiff_t width = d->window.width, columns = d->window.output_width, even = -d->window.pad_left;
  for (ptrdiff_t q = 0; even < width; q++, even += 2) {
    vf left = (vf)0.0f, right = (vf)0.0f;
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i++) {
      vf g = q < columns ? vload_some(dy[i] + q * d->y_stride + c, n) : (vf)0.0f;
      left = vfma(g, w[i][0], vfma(before[i], w[i][2], left));
      right = vfma(g, w[i][1], right);
      before[i] = g;
    }
    if (even >= 0) vstore_some(dx + even * d->x_stride + c, left, n);
    if (even + 1 >= 0 && even + 1 < width) vstore_some(dx + (even + 1) * d->x_stride + c, right, n);
  }
}

static __attribute__((noinline)) void CAT(depthwise_inputs_3x3_row, ISA)(const DepthwiseInputsF32 *d, size_t row) {
  const Window *w = &d->window;
  const float *dy[2] = {d->dy, d->dy}, *weights[2] = {d->weights, d->weights};
  int count = 0;
  for (ptrdiff_t ky = 0; ky < 3; ky++) {
    ptrdiff_t y = (ptrdiff_t)row + w->pad_top - ky;
    if (y < 0 || y % 2 || y / 2 >= d->output_height) continue;
    dy[count] = d->dy + y / 2 * w->output_width * d->y_stride;
    weights[count++] = d->weights + ky * 3 * d->weight_stride;
  }
  float *dx = d->dx + (ptrdiff_t)row * w->width * d->x_stride;
  for (size_t c = 0; c < d->channels; c += LANES) {
    size_t n = d->channels - c < LANES ? d->channels - c : LANES;
#define COUNT(rows)                                                                          \
  if (count == rows && n == LANES) depthwise_inputs_3x3(d, dy, weights, dx, c, LANES, rows); \
  else if (count == rows) depthwise_inputs_3x3(d, dy, weights, dx, c, n, rows);
    COUNT(0) COUNT(1) COUNT(2)
#undef COUNT
  }
}

KERNEL(depthwise_inputs_f32)(const DepthwiseInputsF32 *d) {
  const Window *w = &d->window;
  if (w->kernel_height == 3 && w->kernel_width == 3 && w->stride_y == 2 && w->stride_x == 2 && w->dilation_y == 1 &&
      w->dilation_x == 1) {
    for (size_t row = d->row_begin; row < d->row_end; row++) CAT(depthwise_inputs_3x3_row, ISA)(d, row);
    return;
  }
  for (size_t c = 0; c < d->channels; c += LANES) {
    size_t n = d->channels - c < LANES ? d->channels - c : LANES;
    for (size_t iy = d->row_begin; iy < d->row_end; iy++)
      for (ptrdiff_t ix = 0; ix < w->width; ix++) {
        vf acc = (vf)0.0f;
        for (ptrdiff_t ky = 0; ky < w->kernel_height; ky++) {
          ptrdiff_t y = (ptrdiff_t)iy + w->pad_top - ky * w->dilation_y;
          if (y < 0 || y % w->stride_y || y / w->stride_y >= d->output_height) continue;
          const float *dy = d->dy + y / w->stride_y * w->output_width * d->y_stride + c;
          const float *weights = d->weights + ky * w->kernel_width * d->weight_stride + c;
          for (ptrdiff_t kx = 0; kx < w->kernel_width; kx++) {
            ptrdiff_t x = ix + w->pad_left - kx * w->dilation_x;
            if (x < 0 || x % w->stride_x || x / w->stride_x >= w->output_width) continue;
            acc = vfma(vload_some(dy + x / w->stride_x * d->y_stride, n),
                       vload_some(weights + kx * d->weight_stride, n), acc);
          }
        }
        vstore_some(d->dx + ((ptrdiff_t)iy * w->width + ix) * d->x_stride + c, acc, n);
      }
  }
}
