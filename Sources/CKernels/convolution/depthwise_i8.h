#include "window.h"

typedef int16_t vs __attribute__((ext_vector_type(LANES)));

INLINE vi vload_weights(const int16_t *p, size_t n) {
  vs v = (vs)(int16_t)0;
  if (n >= LANES) {
    memcpy(&v, p, sizeof v);
  } else {
    for (size_t i = 0; i < LANES; i++)
      if (i < n) v[i] = p[i];
  }
  return __builtin_convertvector(v, vi);
}

// sum + x · w, where x is 0...255 and w fits 16 bits.
INLINE vi vmultiply_add(vi sum, vi x, vi w) {
#if HAS_VNNI
  return (vi)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
#elif HAS_AVX512
  return vadd(sum, (vi)_mm512_madd_epi16((__m512i)x, (__m512i)w));
#elif HAS_AVX2
  return vadd(sum, (vi)_mm256_madd_epi16((__m256i)x, (__m256i)w));
#elif defined(__SSE2__)
  return vadd(sum, (vi)_mm_madd_epi16((__m128i)x, (__m128i)w));
#else
  return vadd(sum, vmul(x, w));
#endif
}

// x as 0...255: s8 is shifted by 128, and so is its zero point.
INLINE vi vload_input(const DepthwiseI8 *d, const uint8_t *p, size_t n, vi flip) {
  return vload_bytes(p, n, 0) ^ flip;
}

typedef struct {
  vf scale, bias;
  vi bias_i32, flip, zero;
  Quantizer quantizer;
  int simple;  // bytes without operands per row
} DepthwiseColumns;

static __attribute__((noinline)) void CAT(depthwise_finish_i8, ISA)(const DepthwiseI8 *d, const DepthwiseColumns *k,
                                                                    vi sum, size_t pixel, size_t c, size_t n) {
  Quantizer q = quantizer(&d->epilogue, d->result, finish_general);
  Addend a = addend(&d->epilogue);
  vfinish_i8(&d->epilogue, &q, &a, d->result, finish_general, vadd(sum, k->bias_i32), pixel, c, n, k->scale, k->bias, d->y,
             d->y_stride);
}

INLINE void depthwise_pixels_i8(const DepthwiseI8 *d, const DepthwiseI8 *whole, const DepthwiseColumns *k, const WindowRows *rows, size_t row,
                                ptrdiff_t column, size_t c, size_t n, int pixels, int width, int stride, int checked) {
  vi acc[8], weight_sum = (vi)0;
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) acc[p] = (vi)0;
  ptrdiff_t origin = column * stride - d->window.pad_left;
  const uint8_t *x = (const uint8_t *)rows->x + origin * d->x_stride + (ptrdiff_t)c;
  const int16_t *weights = d->weights + rows->first * d->window.kernel_width * d->weight_stride + (ptrdiff_t)c;
  for (ptrdiff_t ky = 0; ky < rows->count; ky++) {
    vi w[7];
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++, weights += d->weight_stride) {
      w[i] = vload_weights(weights, n);
      weight_sum = vadd(weight_sum, w[i]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < (pixels - 1) * stride + width; i++) {
      // Outside, x is its zero point, so that all windows have the same correction.
      vi v = k->zero;
      if (!checked || (origin + i >= 0 && origin + i < d->window.width))
        v = vload_input(d, x + i * d->x_stride, n, k->flip);
#pragma clang loop unroll(full)
      for (int p = 0; p < pixels; p++)
        if (i >= p * stride && i - p * stride < width) acc[p] = vmultiply_add(acc[p], v, w[i - p * stride]);
    }
    x += rows->x_row;
  }
  vi correction = vmul(weight_sum, (vi)0 - k->zero);
  size_t pixel = row * (size_t)d->window.output_width + (size_t)column;
  if (k->simple) {
    correction = vadd(correction, k->bias_i32);
    uint8_t *y = (uint8_t *)d->y + (ptrdiff_t)pixel * d->y_stride + (ptrdiff_t)c;
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++, y += d->y_stride)
      vstore_bytes(y, vquantize(vfrom(vadd(acc[p], correction)) * k->scale + k->bias, &k->quantizer), n);
    return;
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
    CAT(depthwise_finish_i8, ISA)(whole, k, vadd(acc[p], correction), pixel + (size_t)p, c, n);
}

// One pixel of any window.
static __attribute__((noinline)) void CAT(depthwise_pixel_i8, ISA)(const DepthwiseI8 *d, const DepthwiseColumns *k,
                                                                   const WindowRows *rows, size_t row, ptrdiff_t column,
                                                                   size_t c, size_t n) {
  const Window *w = &d->window;
  vi acc = (vi)0;
  for (ptrdiff_t ky = 0; ky < rows->count; ky++)
    for (ptrdiff_t kx = 0; kx < w->kernel_width; kx++) {
      ptrdiff_t ix = column * w->stride_x - w->pad_left + kx * w->dilation_x;
      if (ix < 0 || ix >= w->width) continue;
      const uint8_t *x = (const uint8_t *)rows->x + ky * rows->x_row + ix * d->x_stride + (ptrdiff_t)c;
      vi weight =
          vload_weights(d->weights + ((rows->first + ky) * w->kernel_width + kx) * d->weight_stride + (ptrdiff_t)c, n);
      acc = vadd(acc, vmul(vload_input(d, x, n, k->flip) - k->zero, weight));
    }
  CAT(depthwise_finish_i8, ISA)(d, k, acc, row * (size_t)w->output_width + (size_t)column, c, n);
}

INLINE void depthwise_row_i8(const DepthwiseI8 *whole, const DepthwiseColumns *columns, const WindowRows *given,
                             size_t row, ptrdiff_t begin, ptrdiff_t end, size_t c, size_t n, int width, int stride) {
  // Copies that no store can alias.
  DepthwiseI8 d = *whole;
  DepthwiseColumns k = *columns;
  WindowRows rows = *given;
  ptrdiff_t column = 0, last = d.window.output_width;
  enum { most = window_pixels };
  for (; n >= LANES && column + most <= last; column += most) {
    if (column >= begin && column + most <= end)
      depthwise_pixels_i8(&d, whole, &k, &rows, row, column, c, LANES, most, width, stride, 0);
    else depthwise_pixels_i8(&d, whole, &k, &rows, row, column, c, LANES, most, width, stride, 1);
  }
  for (; column < last; column++) depthwise_pixels_i8(&d, whole, &k, &rows, row, column, c, n, 1, width, stride, 1);
}

#define ROW(width, stride)                                                                                       \
  static __attribute__((noinline)) void CAT(depthwise_row_i8_##width##_##stride, ISA)(                           \
      const DepthwiseI8 *d, const DepthwiseColumns *k, const WindowRows *rows, size_t row, ptrdiff_t begin,      \
      ptrdiff_t end, size_t c, size_t n) {                                                                       \
    if (n >= LANES) depthwise_row_i8(d, k, rows, row, begin, end, c, LANES, width, stride);                      \
    else depthwise_row_i8(d, k, rows, row, begin, end, c, n, width, stride);                                     \
  }
WINDOW_BODIES(ROW)
#undef ROW

#if HAS_VNNI
#include "depthwise_vnni.h"
#endif

KERNEL(depthwise_i8)(const DepthwiseI8 *d) {
  size_t done = 0;
#if HAS_VNNI
  done = CAT(depthwise_blocks, ISA)(d);
#endif
  typedef void (*Row)(const DepthwiseI8 *, const DepthwiseColumns *, const WindowRows *, size_t, ptrdiff_t, ptrdiff_t,
                      size_t, size_t);
  const Window *w = &d->window;
  Row body = NULL;
#define CHOOSE(width, stride) \
  if (w->kernel_width == width && w->stride_x == stride && w->dilation_x == 1) body = CAT(depthwise_row_i8_##width##_##stride, ISA);
  WINDOW_BODIES(CHOOSE)
#undef CHOOSE
  ptrdiff_t begin, end;
  window_columns(w, &begin, &end);
  const EpilogueI8 *e = &d->epilogue;
  DepthwiseColumns k;
  k.simple = vfinishes_simply(e) && (d->result == gemm_result_u8 || d->result == gemm_result_s8);
  k.quantizer = quantizer(e, d->result, k.simple);
  k.flip = vseti(d->x_signed ? 0x80 : 0);
  k.zero = vseti(d->x_zero + (d->x_signed ? 128 : 0));
  for (size_t c = done; c < d->channels; c += LANES) {
    size_t n = d->channels - c < LANES ? d->channels - c : LANES;
    k.scale = vscale_of(e, c, n);
    k.bias = vbias_of(e, c, n);
    k.bias_i32 = e->bias_i32 ? vloadi_some(e->bias_i32 + c, n) : (vi)0;
    for (size_t row = d->row_begin; row < d->row_end; row++) {
      WindowRows rows;
      window_rows(w, row, &rows.first, &rows.count);
      rows.x_row = w->dilation_y * w->width * d->x_stride;
      rows.x = (const uint8_t *)d->x +
               ((ptrdiff_t)row * w->stride_y - w->pad_top + rows.first * w->dilation_y) * w->width * d->x_stride;
      if (body) {
        body(d, &k, &rows, row, begin, end, c, n);
        continue;
      }
      for (ptrdiff_t column = 0; column < w->output_width; column++)
        CAT(depthwise_pixel_i8, ISA)(d, &k, &rows, row, column, c, n);
    }
  }
}
