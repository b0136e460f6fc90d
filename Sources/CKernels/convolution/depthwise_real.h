// Depthwise convolution with fp32 weights and sums, once for each type of element: DEPTHWISE is the struct of operands,
// SUFFIX(name) names a body, LOAD and STORE move vectors of ELEMENTs, RESIDUAL is that of an epilogue.
#include "window.h"

// Activates `count` vectors; those that make the last group whole change too.
INLINE void SUFFIX(depthwise_apply)(const EpilogueF32 *e, vf sums[], size_t count, int activation) {
  vf p0 = vset(e->p0), p1 = vset(e->p1);
  for (size_t i = 0; i < count; i += each_most) {
    vf x[each_most];
    EACH_VECTOR(k, each_most) x[k] = sums[i + (size_t)k];
    vactivate_each(x, each_most, activation, p0, p1, HALF);
    EACH_VECTOR(k, each_most) sums[i + (size_t)k] = x[k];
  }
}

static __attribute__((noinline)) void SUFFIX(depthwise_activate)(const EpilogueF32 *e, vf sums[], size_t count) {
  switch (e->activation) {
    case activation_clip: SUFFIX(depthwise_apply)(e, sums, count, activation_clip); break;
    case activation_silu: SUFFIX(depthwise_apply)(e, sums, count, activation_silu); break;
    case activation_hard_swish: SUFFIX(depthwise_apply)(e, sums, count, activation_hard_swish); break;
    default: SUFFIX(depthwise_apply)(e, sums, count, e->activation); break;
  }
}

// Finishes the sums of up to 8 neighbouring pixels.
INLINE void SUFFIX(depthwise_finish)(const DEPTHWISE *d, const vf sums[], int pixels, size_t pixel, size_t c, size_t n,
                                     vf bias) {
  const EpilogueF32 *e = &d->epilogue;
  vf alpha = vset(e->alpha), v[8];
#pragma clang loop unroll(full)
  for (int p = 0; p < 8; p++) v[p] = p < pixels ? vfma(sums[p], alpha, bias) : (vf)0.0f;
  if (RESIDUAL(e))
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) v[p] += LOAD(RESIDUAL(e) + (ptrdiff_t)(pixel + (size_t)p) * e->residual_stride + c, n);
  SUFFIX(depthwise_activate)(e, v, (size_t)pixels);
  ELEMENT *y = d->y + (ptrdiff_t)pixel * d->y_stride + c;
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++, y += d->y_stride) STORE(y, v[p], n);
}

// What is the same for all pixels of a vector of channels.
typedef struct {
  vf bias, alpha, low, high;
  int simple;
} SUFFIX(DepthwiseColumns);

// `pixels` neighbours from `column` on; with `checked` their windows may reach out of the image at the sides.
INLINE void SUFFIX(depthwise_pixels)(const DEPTHWISE *d, const DEPTHWISE *whole, const SUFFIX(DepthwiseColumns) *k,
                                 const WindowRows *rows, size_t row, ptrdiff_t column, size_t c, size_t n, int pixels,
                                 int width, int stride, int checked) {
  vf acc[8];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) acc[p] = (vf)0.0f;
  ptrdiff_t origin = column * stride - d->window.pad_left;
  const ELEMENT *x = (const ELEMENT *)rows->x + origin * d->x_stride + (ptrdiff_t)c;
  const float *weights = d->weights + rows->first * d->window.kernel_width * d->weight_stride + (ptrdiff_t)c;
  for (ptrdiff_t ky = 0; ky < rows->count; ky++) {
    vf w[7];
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++, weights += d->weight_stride) w[i] = vload_some(weights, n);
#pragma clang loop unroll(full)
    for (int i = 0; i < (pixels - 1) * stride + width; i++) {
      if (checked && (origin + i < 0 || origin + i >= d->window.width)) continue;
      vf v = LOAD(x + i * d->x_stride, n);
#pragma clang loop unroll(full)
      for (int p = 0; p < pixels; p++)
        if (i >= p * stride && i - p * stride < width) acc[p] = vfma(v, w[i - p * stride], acc[p]);
    }
    x += rows->x_row;
  }
  size_t pixel = row * (size_t)d->window.output_width + (size_t)column;
  if (k->simple) {
    ELEMENT *y = d->y + (ptrdiff_t)pixel * d->y_stride + (ptrdiff_t)c;
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++, y += d->y_stride)
      STORE(y, vclip(vfma(acc[p], k->alpha, k->bias), k->low, k->high), n);
    return;
  }
  SUFFIX(depthwise_finish)(whole, acc, pixels, pixel, c, n, k->bias);
}

// One pixel of any window.
static __attribute__((noinline)) void SUFFIX(depthwise_pixel)(const DEPTHWISE *d, const WindowRows *rows,
                                                                    size_t row, ptrdiff_t column, size_t c, size_t n,
                                                                    vf bias) {
  const Window *w = &d->window;
  vf acc = (vf)0.0f;
  for (ptrdiff_t ky = 0; ky < rows->count; ky++)
    for (ptrdiff_t kx = 0; kx < w->kernel_width; kx++) {
      ptrdiff_t ix = column * w->stride_x - w->pad_left + kx * w->dilation_x;
      if (ix < 0 || ix >= w->width) continue;
      const ELEMENT *x = (const ELEMENT *)rows->x + ky * rows->x_row + ix * d->x_stride + (ptrdiff_t)c;
      const float *weight =
          d->weights + ((rows->first + ky) * w->kernel_width + kx) * d->weight_stride + (ptrdiff_t)c;
      acc = vfma(LOAD(x, n), vload_some(weight, n), acc);
    }
  SUFFIX(depthwise_finish)(d, &acc, 1, row * (size_t)w->output_width + (size_t)column, c, n, bias);
}

// `begin`..<`end` are the columns whose windows lie inside.
INLINE void SUFFIX(depthwise_row)(const DEPTHWISE *whole, const SUFFIX(DepthwiseColumns) *columns, const WindowRows *given,
                              size_t row, ptrdiff_t begin, ptrdiff_t end, size_t c, size_t n, int width, int stride) {
  // Copies that no store can alias.
  DEPTHWISE d = *whole;
  SUFFIX(DepthwiseColumns) k = *columns;
  WindowRows rows = *given;
  ptrdiff_t column = 0, last = d.window.output_width;
  enum { most = window_pixels };
  // A border of single pixels pays when it is thin beside what lies inside.
  int has_border = end - begin >= most && last - (end - begin) <= 2;
  for (; has_border && column < begin; column++)
    SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, n, 1, width, stride, 1);
  for (; n >= LANES && column + most <= last; column += most) {
    if (column >= begin && column + most <= end)
      SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, LANES, most, width, stride, 0);
    else if (has_border) break;
    else SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, LANES, most, width, stride, 1);
  }
  for (; column + 4 <= end && column >= begin; column += 4)
    SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, n, 4, width, stride, 0);
  for (; column + 4 <= last; column += 4)
    SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, n, 4, width, stride, 1);
  if (column + 2 <= last) {
    SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, n, 2, width, stride, 1);
    column += 2;
  }
  if (column < last) SUFFIX(depthwise_pixels)(&d, whole, &k, &rows, row, column, c, n, 1, width, stride, 1);
}

#define ROW(width, stride)                                                                                       \
  static __attribute__((noinline)) void SUFFIX(depthwise_row_##width##_##stride)(                          \
      const DEPTHWISE *d, const SUFFIX(DepthwiseColumns) *k, const WindowRows *rows, size_t row, ptrdiff_t begin,  \
      ptrdiff_t end, size_t c, size_t n) {                                                                       \
    if (n >= LANES) SUFFIX(depthwise_row)(d, k, rows, row, begin, end, c, LANES, width, stride);                     \
    else SUFFIX(depthwise_row)(d, k, rows, row, begin, end, c, n, width, stride);                                    \
  }
WINDOW_BODIES(ROW)
#undef ROW

#include "depthwise_tiles.h"

static void SUFFIX(depthwise)(const DEPTHWISE *d) {
  typedef void (*Row)(const DEPTHWISE *, const SUFFIX(DepthwiseColumns) *, const WindowRows *, size_t, ptrdiff_t,
                      ptrdiff_t, size_t, size_t);
  const Window *w = &d->window;
  Row body = NULL;
#define CHOOSE(width, stride) \
  if (w->kernel_width == width && w->stride_x == stride && w->dilation_x == 1) body = SUFFIX(depthwise_row_##width##_##stride);
  WINDOW_BODIES(CHOOSE)
#undef CHOOSE
  ptrdiff_t begin, end;
  window_columns(w, &begin, &end);
  const EpilogueF32 *e = &d->epilogue;
  int clips = e->activation == activation_clip;
  SUFFIX(DepthwiseColumns) k;
  k.alpha = vset(e->alpha);
  k.low = vset(clips ? e->p0 : -__builtin_inff());
  k.high = vset(clips ? e->p1 : __builtin_inff());
  k.simple = !RESIDUAL(e) && (clips || e->activation == activation_none);
  if (SUFFIX(depthwise_whole)(d, &k, begin, end)) return;
  // Channels outermost: the rows of one cache line of channels stay in the first-level cache from one output row to the
  // next.
  enum { line = 64 / sizeof(ELEMENT) > LANES ? 64 / sizeof(ELEMENT) : LANES };
  for (size_t c0 = 0; c0 < d->channels; c0 += line) {
    for (size_t row = d->row_begin; row < d->row_end; row++) {
      WindowRows rows;
      window_rows(w, row, &rows.first, &rows.count);
      rows.x_row = w->dilation_y * w->width * d->x_stride;
      rows.x = d->x + ((ptrdiff_t)row * w->stride_y - w->pad_top + rows.first * w->dilation_y) * w->width * d->x_stride;
      for (size_t c = c0; c < c0 + line && c < d->channels; c += LANES) {
        size_t n = d->channels - c < LANES ? d->channels - c : LANES;
        k.bias = e->bias ? vload_some(e->bias + c, n) : (vf)0.0f;
        if (body) {
          body(d, &k, &rows, row, begin, end, c, n);
          continue;
        }
        for (ptrdiff_t column = 0; column < w->output_width; column++)
          SUFFIX(depthwise_pixel)(d, &rows, row, column, c, n, k.bias);
      }
    }
  }
}
#undef DEPTHWISE
#undef SUFFIX
#undef ELEMENT
#undef LOAD
#undef STORE
#undef HALF
#undef RESIDUAL
