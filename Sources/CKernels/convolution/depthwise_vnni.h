// 3×3 and 5×5 windows over blocks of 64 channels with `vpdpbusd`: bytes of four kernel rows interleave to one lane per
// channel. Interleaving permutes the channels of a block: vector q, 128-bit lane l, element d holds channel 16·l + 4·q + d.
#include "../gemm/finish_bytes.h"

typedef struct {
  ByteRows finish;
  vi correction[4];
  __m512i zero, flip;
} DepthwiseBlock;

// Σ taps of the weights, scales and biases of the channels from c on, permuted.
static __attribute__((noinline)) void CAT(depthwise_block, ISA)(const DepthwiseI8 *d, size_t c, size_t count,
                                                                DepthwiseBlock *k) {
  const EpilogueI8 *e = &d->epilogue;
  float scale[64] = {0}, bias[64] = {0};
  int32_t correction[64] = {0};
  vi zero = vseti(d->x_zero + (d->x_signed ? 128 : 0));
  ptrdiff_t taps = d->window.kernel_height * d->window.kernel_width;
  for (size_t l = 0; l < 4 && 16 * l < count; l++) {
    size_t at = c + 16 * l, n = count - 16 * l;
    vi sum = (vi)0;
    for (ptrdiff_t t = 0; t < taps; t++)
      sum = vadd(sum, vload_weights(d->weights + t * d->weight_stride + (ptrdiff_t)at, n));
    vi corrected = vmul(sum, (vi)0 - zero);
    if (e->bias_i32) corrected = vadd(corrected, vloadi_some(e->bias_i32 + at, n));
    vf scales = vscale_of(e, at, n), biases = vbias_of(e, at, n);
    for (size_t q = 0; q < 4; q++) {
      memcpy(scale + 16 * q + 4 * l, (const float *)&scales + 4 * q, 16);
      memcpy(bias + 16 * q + 4 * l, (const float *)&biases + 4 * q, 16);
      memcpy(correction + 16 * q + 4 * l, (const int32_t *)&corrected + 4 * q, 16);
    }
  }
  k->finish = byte_rows(e, d->result, finish_simple, 0);
  for (int q = 0; q < 4; q++) {
    k->finish.scale[q] = vload(scale + 16 * q);
    k->finish.bias[q] = vload(bias + 16 * q);
    k->correction[q] = vloadi(correction + 16 * q);
  }
  k->finish.mask = count >= 64 ? ~0ull : (1ull << count) - 1;
  k->zero = _mm512_set1_epi8((char)zero[0]);
  k->flip = _mm512_set1_epi8((char)(d->x_signed ? 0x80 : 0));
}

// Bytes of four vectors by turns: x[q] holds those of channels 16·l + 4·q + d. Rows from `count` on are 0.
INLINE void interleave_rows(const __m512i r[], int count, __m512i x[4]) {
  __m512i none = _mm512_setzero_si512();
  __m512i b = count > 1 ? r[1] : none, c = count > 2 ? r[2] : none, d = count > 3 ? r[3] : none;
  __m512i low = _mm512_unpacklo_epi8(r[0], b), high = _mm512_unpackhi_epi8(r[0], b);
  __m512i low2 = count > 2 ? _mm512_unpacklo_epi8(c, d) : none, high2 = count > 2 ? _mm512_unpackhi_epi8(c, d) : none;
  x[0] = _mm512_unpacklo_epi16(low, low2);
  x[1] = _mm512_unpackhi_epi16(low, low2);
  x[2] = _mm512_unpacklo_epi16(high, high2);
  x[3] = _mm512_unpackhi_epi16(high, high2);
}

INLINE void depthwise_block_pixels(const DepthwiseI8 *d, const DepthwiseBlock *k, const int8_t *weights,
                                   const uint8_t *const rows[], size_t row, ptrdiff_t column, size_t c, int pixels,
                                   int size, int stride, int checked, int is_signed, int form) {
  enum { most = 4 };
  const int groups = (size + 3) / 4;
  vi acc[most][4];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int q = 0; q < 4; q++) acc[p][q] = k->correction[q];
  ptrdiff_t origin = column * stride - d->window.pad_left;
#pragma clang loop unroll(full)
  for (int i = 0; i < (pixels - 1) * stride + size; i++) {
    int inside = !checked || (origin + i >= 0 && origin + i < d->window.width);
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++) {
      const int count = size - 4 * g < 4 ? size - 4 * g : 4;
      __m512i r[4], x[4];
#pragma clang loop unroll(full)
      for (int y = 0; y < count; y++) {
        const uint8_t *from = rows[4 * g + y];
        r[y] = k->zero;
        if (inside && (!checked || from)) {
          r[y] = _mm512_maskz_loadu_epi8(k->finish.mask, from + (origin + i) * d->x_stride);
          if (is_signed) r[y] = _mm512_xor_si512(r[y], k->flip);
        }
      }
      interleave_rows(r, count, x);
#pragma clang loop unroll(full)
      for (int p = 0; p < pixels; p++) {
        if (i < p * stride || i - p * stride >= size) continue;
#pragma clang loop unroll(full)
        for (int q = 0; q < 4; q++) {
          __m512i w = _mm512_loadu_si512(weights + (((i - p * stride) * groups + g) * 4 + q) * 64);
          acc[p][q] = (vi)_mm512_dpbusd_epi32((__m512i)acc[p][q], x[q], w);
        }
      }
    }
  }
  uint8_t *out = (uint8_t *)d->y + (ptrdiff_t)(row * (size_t)d->window.output_width + (size_t)column) * d->y_stride +
                 (ptrdiff_t)c;
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++, out += d->y_stride)
    _mm512_mask_storeu_epi8(out, k->finish.mask, finish_bytes(&k->finish, acc[p], _mm512_setzero_si512(), 4, form));
}

INLINE void depthwise_block_rows(const DepthwiseI8 *whole, const DepthwiseBlock *given, const int8_t *weights, size_t c,
                                 ptrdiff_t begin, ptrdiff_t end, int size, int stride, int is_signed, int form) {
  // Copies that no store can alias.
  DepthwiseI8 d = *whole;
  DepthwiseBlock k = *given;
  const Window *w = &d.window;
  for (size_t row = d.row_begin; row < d.row_end; row++) {
    const uint8_t *rows[5];
    int whole_rows = 1;
    for (int y = 0; y < size; y++) {
      ptrdiff_t iy = (ptrdiff_t)row * w->stride_y - w->pad_top + y * w->dilation_y;
      rows[y] = iy < 0 || iy >= w->height ? NULL : (const uint8_t *)d.x + iy * w->width * d.x_stride + (ptrdiff_t)c;
      whole_rows &= rows[y] != NULL;
    }
    ptrdiff_t column = 0;
    for (; column + 4 <= w->output_width; column += 4) {
      if (whole_rows && column >= begin && column + 4 <= end)
        depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 4, size, stride, 0, is_signed, form);
      else depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 4, size, stride, 1, is_signed, form);
    }
    if (column + 2 <= w->output_width) {
      depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 2, size, stride, 1, is_signed, form);
      column += 2;
    }
    if (column < w->output_width) depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 1, size, stride, 1, is_signed, form);
  }
}

#define BLOCK_ROWS(size, stride)                                                                                    \
  static __attribute__((noinline)) void CAT(depthwise_block_rows_##size##_##stride, ISA)(                           \
      const DepthwiseI8 *d, const DepthwiseBlock *k, const int8_t *weights, size_t c, ptrdiff_t begin, ptrdiff_t end) { \
    if (d->x_signed) depthwise_block_rows(d, k, weights, c, begin, end, size, stride, 1, bytes_any);                 \
    else if (byte_form(&k->finish) == bytes_plain)                                                                  \
      depthwise_block_rows(d, k, weights, c, begin, end, size, stride, 0, bytes_plain);                             \
    else depthwise_block_rows(d, k, weights, c, begin, end, size, stride, 0, bytes_any);                            \
  }
BLOCK_ROWS(3, 1)
BLOCK_ROWS(3, 2)
BLOCK_ROWS(5, 1)
BLOCK_ROWS(5, 2)
#undef BLOCK_ROWS

// Computes blocks of channels while they fill at least half; returns how many channels are done.
static __attribute__((noinline)) size_t CAT(depthwise_blocks, ISA)(const DepthwiseI8 *d) {
  typedef void (*Rows)(const DepthwiseI8 *, const DepthwiseBlock *, const int8_t *, size_t, ptrdiff_t, ptrdiff_t);
  static const Rows bodies[2][2] = {
      {CAT(depthwise_block_rows_3_1, ISA), CAT(depthwise_block_rows_3_2, ISA)},
      {CAT(depthwise_block_rows_5_1, ISA), CAT(depthwise_block_rows_5_2, ISA)},
  };
  const Window *w = &d->window;
  ptrdiff_t size = w->kernel_width;
  if (!d->weights4 || (size != 3 && size != 5) || w->kernel_height != size || w->dilation_x != 1 || w->stride_x > 2)
    return 0;
  if (!vfinishes_simply(&d->epilogue) || (d->result != gemm_result_u8 && d->result != gemm_result_s8)) return 0;
  ptrdiff_t begin, end, block = size * ((size + 3) / 4) * 256;
  window_columns(w, &begin, &end);
  size_t c = 0;
  for (; c + 32 <= d->channels; c += 64) {
    DepthwiseBlock k;
    CAT(depthwise_block, ISA)(d, c, d->channels - c < 64 ? d->channels - c : 64, &k);
    bodies[size == 5][w->stride_x - 1](d, &k, d->weights4 + (ptrdiff_t)(c / 64) * block, c, begin, end);
  }
  return c < d->channels ? c : d->channels;
}
