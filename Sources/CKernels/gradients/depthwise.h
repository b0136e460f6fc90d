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

KERNEL(depthwise_weights_f32)(const DepthwiseWeightsF32 *d) {
  const Window *w = &d->window;
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

KERNEL(depthwise_inputs_f32)(const DepthwiseInputsF32 *d) {
  const Window *w = &d->window;
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
