// Pixels of a row are computed together, so that each input and each weight is loaded once for several sums.
enum { dw_pixels = LANES == 16 || HAS_NEON ? 8 : 4 };

static __attribute__((noinline)) vf CAT(activate_f32, ISA)(vf x, const EpilogueF32 *e) {
  return vactivate_(x, e->activation, vset(e->p0), vset(e->p1), 0);
}

// The kernel rows of one output row that lie inside the image.
typedef struct {
  const float *x;  // first row, first column, first channel
  ptrdiff_t x_row, count, first;
} DepthwiseRows;

INLINE void depthwise_finish_f32(const DepthwiseF32 *d, vf sum, size_t pixel, size_t c, size_t n, vf bias) {
  const EpilogueF32 *e = &d->epilogue;
  vf v = vfma(sum, vset(e->alpha), bias);
  if (e->residual) v += vload_some(e->residual + (ptrdiff_t)pixel * e->residual_stride + c, n);
  if (e->activation == activation_clip) v = vclip(v, vset(e->p0), vset(e->p1));
  else if (e->activation != activation_none) v = CAT(activate_f32, ISA)(v, e);
  float *y = d->y + (ptrdiff_t)pixel * d->y_stride + c;
  if (n >= LANES) vstore(y, v);
  else vstore_n(y, v, n);
}

// `pixels` neighbours whose windows lie inside the image from side to side.
INLINE void depthwise_inside_f32(const DepthwiseF32 *d, const DepthwiseRows *rows, size_t row, ptrdiff_t column, size_t c,
                                 size_t n, vf bias, int pixels, int width, int stride) {
  vf acc[8];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) acc[p] = (vf)0.0f;
  const float *x = rows->x + (column * stride - d->window.pad_left) * d->x_stride + (ptrdiff_t)c;
  const float *weights = d->weights + rows->first * d->window.kernel_width * d->weight_stride + (ptrdiff_t)c;
  for (ptrdiff_t ky = 0; ky < rows->count; ky++) {
    vf w[7];
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++, weights += d->weight_stride)
      w[i] = n >= LANES ? vload(weights) : vload_n(weights, n);
#pragma clang loop unroll(full)
    for (int i = 0; i < (pixels - 1) * stride + width; i++) {
      const float *at = x + i * d->x_stride;
      vf v = n >= LANES ? vload(at) : vload_n(at, n);
#pragma clang loop unroll(full)
      for (int p = 0; p < pixels; p++)
        if (i >= p * stride && i - p * stride < width) acc[p] = vfma(v, w[i - p * stride], acc[p]);
    }
    x += rows->x_row;
  }
  size_t pixel = row * (size_t)d->window.output_width + (size_t)column;
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) depthwise_finish_f32(d, acc[p], pixel + (size_t)p, c, n, bias);
}

// One pixel of any window.
static void CAT(depthwise_pixel_f32, ISA)(const DepthwiseF32 *d, const DepthwiseRows *rows, size_t row, ptrdiff_t column,
                                          size_t c, size_t n, vf bias) {
  const Window *w = &d->window;
  vf acc = (vf)0.0f;
  for (ptrdiff_t ky = 0; ky < rows->count; ky++)
    for (ptrdiff_t kx = 0; kx < w->kernel_width; kx++) {
      ptrdiff_t ix = column * w->stride_x - w->pad_left + kx * w->dilation_x;
      if (ix < 0 || ix >= w->width) continue;
      const float *x = rows->x + ky * rows->x_row + ix * d->x_stride + (ptrdiff_t)c;
      const float *weight =
          d->weights + ((rows->first + ky) * w->kernel_width + kx) * d->weight_stride + (ptrdiff_t)c;
      acc = vfma(vload_some(x, n), vload_some(weight, n), acc);
    }
  depthwise_finish_f32(d, acc, row * (size_t)w->output_width + (size_t)column, c, n, bias);
}

INLINE void depthwise_row_f32(const DepthwiseF32 *d, const DepthwiseRows *rows, size_t row, ptrdiff_t begin, ptrdiff_t end,
                              size_t c, size_t n, vf bias, int width, int stride) {
  ptrdiff_t column = begin;
  for (; column + dw_pixels <= end; column += dw_pixels)
    depthwise_inside_f32(d, rows, row, column, c, n, bias, dw_pixels, width, stride);
  if (dw_pixels > 4 && column + 4 <= end) {
    depthwise_inside_f32(d, rows, row, column, c, n, bias, 4, width, stride);
    column += 4;
  }
  for (; column < end; column++) depthwise_inside_f32(d, rows, row, column, c, n, bias, 1, width, stride);
}

#define ROW(width, stride)                                                                                       \
  static __attribute__((noinline)) void CAT(depthwise_row_f32_##width##_##stride, ISA)(                          \
      const DepthwiseF32 *d, const DepthwiseRows *rows, size_t row, ptrdiff_t begin, ptrdiff_t end, size_t c,    \
      size_t n, vf bias) {                                                                                       \
    if (n >= LANES) depthwise_row_f32(d, rows, row, begin, end, c, LANES, bias, width, stride);                  \
    else depthwise_row_f32(d, rows, row, begin, end, c, n, bias, width, stride);                                 \
  }
ROW(3, 1)
ROW(3, 2)
ROW(5, 1)
ROW(5, 2)
ROW(7, 1)
#undef ROW

typedef void (*DepthwiseRow)(const DepthwiseF32 *, const DepthwiseRows *, size_t, ptrdiff_t, ptrdiff_t, size_t, size_t, vf);

INLINE DepthwiseRow depthwise_row_of(const Window *w) {
  if (w->dilation_x != 1 || w->stride_x > 2) return NULL;
  int wide = w->stride_x == 2;
  switch (w->kernel_width) {
    case 3: return wide ? CAT(depthwise_row_f32_3_2, ISA) : CAT(depthwise_row_f32_3_1, ISA);
    case 5: return wide ? CAT(depthwise_row_f32_5_2, ISA) : CAT(depthwise_row_f32_5_1, ISA);
    case 7: return wide ? NULL : CAT(depthwise_row_f32_7_1, ISA);
    default: return NULL;
  }
}

// Kernel rows ky with 0 ≤ origin + ky · dilation < height.
INLINE void window_rows(const Window *w, size_t row, ptrdiff_t *first, ptrdiff_t *count) {
  ptrdiff_t origin = (ptrdiff_t)row * w->stride_y - w->pad_top;
  ptrdiff_t begin = origin < 0 ? (-origin + w->dilation_y - 1) / w->dilation_y : 0;
  ptrdiff_t end = origin < w->height ? (w->height - 1 - origin) / w->dilation_y + 1 : 0;
  if (end > w->kernel_height) end = w->kernel_height;
  *first = begin;
  *count = end > begin ? end - begin : 0;
}

// Output columns whose windows lie inside the image from side to side.
INLINE void window_columns(const Window *w, ptrdiff_t *begin, ptrdiff_t *end) {
  ptrdiff_t reach = (w->kernel_width - 1) * w->dilation_x;
  *begin = (w->pad_left + w->stride_x - 1) / w->stride_x;
  ptrdiff_t last = w->width - 1 - reach + w->pad_left;
  *end = last < 0 ? 0 : last / w->stride_x + 1;
  if (*end > w->output_width) *end = w->output_width;
  if (*begin > *end) *begin = *end;
}

KERNEL(depthwise_f32)(const DepthwiseF32 *d) {
  const Window *w = &d->window;
  DepthwiseRow inside = depthwise_row_of(w);
  ptrdiff_t begin = 0, end = 0;
  if (inside) window_columns(w, &begin, &end);
  // Channels outermost: the rows of one vector of channels stay in the first-level cache from one output row to the next.
  for (size_t c = 0; c < d->channels; c += LANES) {
    size_t n = d->channels - c < LANES ? d->channels - c : LANES;
    vf bias = d->epilogue.bias ? vload_some(d->epilogue.bias + c, n) : (vf)0.0f;
    for (size_t row = d->row_begin; row < d->row_end; row++) {
      DepthwiseRows rows;
      window_rows(w, row, &rows.first, &rows.count);
      rows.x_row = w->dilation_y * w->width * d->x_stride;
      rows.x = d->x + ((ptrdiff_t)row * w->stride_y - w->pad_top + rows.first * w->dilation_y) * w->width * d->x_stride;
      for (ptrdiff_t column = 0; column < begin; column++)
        CAT(depthwise_pixel_f32, ISA)(d, &rows, row, column, c, n, bias);
      if (inside) inside(d, &rows, row, begin, end, c, n, bias);
      for (ptrdiff_t column = end; column < w->output_width; column++)
        CAT(depthwise_pixel_f32, ISA)(d, &rows, row, column, c, n, bias);
    }
  }
}
