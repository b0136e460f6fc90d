// 3×3 windows over blocks of 64 channels with `vpdpbusd`: bytes of three kernel rows interleave to one lane per channel.
// Interleaving permutes the channels of a block: vector q, 128-bit lane l, element d holds channel 16·l + 4·q + d.

typedef struct {
  vf scale[4], bias[4];
  vi correction[4];
  __m512i zero, flip;
  __mmask64 mask;
  Quantizer quantizer;
} DepthwiseBlock;

// Σ taps of the weights, scales and biases of the channels from c on, permuted.
static __attribute__((noinline)) void CAT(depthwise_block, ISA)(const DepthwiseI8 *d, size_t c, size_t count,
                                                                DepthwiseBlock *k) {
  const EpilogueI8 *e = &d->epilogue;
  float scale[64] = {0}, bias[64] = {0};
  int32_t correction[64] = {0};
  vi zero = vseti(d->x_zero + (d->x_signed ? 128 : 0));
  for (size_t l = 0; l < 4 && 16 * l < count; l++) {
    size_t at = c + 16 * l, n = count - 16 * l;
    vi sum = (vi)0;
    for (int t = 0; t < 9; t++)
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
  for (int q = 0; q < 4; q++) {
    k->scale[q] = vload(scale + 16 * q);
    k->bias[q] = vload(bias + 16 * q);
    k->correction[q] = vloadi(correction + 16 * q);
  }
  k->zero = _mm512_set1_epi8((char)zero[0]);
  k->flip = _mm512_set1_epi8((char)(d->x_signed ? 0x80 : 0));
  k->mask = count >= 64 ? ~0ull : (1ull << count) - 1;
  k->quantizer = quantizer(e, d->result, 1);
}

INLINE void depthwise_block_pixels(const DepthwiseI8 *d, const DepthwiseBlock *k, const int8_t *weights,
                                   const uint8_t *const rows[3], size_t row, ptrdiff_t column, size_t c, int pixels,
                                   int stride, int checked) {
  vi acc[4][4];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int q = 0; q < 4; q++) acc[p][q] = k->correction[q];
  ptrdiff_t origin = column * stride - d->window.pad_left;
#pragma clang loop unroll(full)
  for (int i = 0; i < (pixels - 1) * stride + 3; i++) {
    __m512i r[3];
    int inside = !checked || (origin + i >= 0 && origin + i < d->window.width);
#pragma clang loop unroll(full)
    for (int y = 0; y < 3; y++) {
      r[y] = k->zero;
      if (inside && rows[y])
        r[y] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(k->mask, rows[y] + (origin + i) * d->x_stride), k->flip);
    }
    __m512i none = _mm512_setzero_si512();
    __m512i low = _mm512_unpacklo_epi8(r[0], r[1]), high = _mm512_unpackhi_epi8(r[0], r[1]);
    __m512i low2 = _mm512_unpacklo_epi8(r[2], none), high2 = _mm512_unpackhi_epi8(r[2], none);
    __m512i x[4] = {_mm512_unpacklo_epi16(low, low2), _mm512_unpackhi_epi16(low, low2),
                    _mm512_unpacklo_epi16(high, high2), _mm512_unpackhi_epi16(high, high2)};
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
      if (i < p * stride || i - p * stride >= 3) continue;
#pragma clang loop unroll(full)
      for (int q = 0; q < 4; q++) {
        __m512i w = _mm512_loadu_si512(weights + ((i - p * stride) * 4 + q) * 64);
        acc[p][q] = (vi)_mm512_dpbusd_epi32((__m512i)acc[p][q], x[q], w);
      }
    }
  }
  uint8_t *out = (uint8_t *)d->y + (ptrdiff_t)(row * (size_t)d->window.output_width + (size_t)column) * d->y_stride +
                 (ptrdiff_t)c;
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++, out += d->y_stride) {
    __m512i v[4];
#pragma clang loop unroll(full)
    for (int q = 0; q < 4; q++)
      v[q] = (__m512i)vquantize(vfrom(acc[p][q]) * k->scale[q] + k->bias[q], &k->quantizer);
    __m512i low = _mm512_packs_epi32(v[0], v[1]), high = _mm512_packs_epi32(v[2], v[3]);
    __m512i bytes = d->result == gemm_result_u8 ? _mm512_packus_epi16(low, high) : _mm512_packs_epi16(low, high);
    _mm512_mask_storeu_epi8(out, k->mask, bytes);
  }
}

INLINE void depthwise_block_rows(const DepthwiseI8 *whole, const DepthwiseBlock *given, const int8_t *weights, size_t c,
                                 ptrdiff_t begin, ptrdiff_t end, int stride) {
  // Copies that no store can alias.
  DepthwiseI8 d = *whole;
  DepthwiseBlock k = *given;
  const Window *w = &d.window;
  for (size_t row = d.row_begin; row < d.row_end; row++) {
    const uint8_t *rows[3];
    for (int y = 0; y < 3; y++) {
      ptrdiff_t iy = (ptrdiff_t)row * w->stride_y - w->pad_top + y * w->dilation_y;
      rows[y] = iy < 0 || iy >= w->height ? NULL : (const uint8_t *)d.x + iy * w->width * d.x_stride + (ptrdiff_t)c;
    }
    int whole_rows = rows[0] && rows[1] && rows[2];
    ptrdiff_t column = 0;
    for (; column + 4 <= w->output_width; column += 4) {
      if (whole_rows && column >= begin && column + 4 <= end) {
        if (!rows[0] || !rows[1] || !rows[2]) __builtin_unreachable();
        depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 4, stride, 0);
      } else {
        depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 4, stride, 1);
      }
    }
    if (column + 2 <= w->output_width) {
      depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 2, stride, 1);
      column += 2;
    }
    if (column < w->output_width) depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 1, stride, 1);
  }
}

// Computes blocks of channels while they fill at least half; returns how many channels are done.
static __attribute__((noinline)) size_t CAT(depthwise_blocks, ISA)(const DepthwiseI8 *d) {
  const Window *w = &d->window;
  if (!d->weights4 || w->kernel_width != 3 || w->kernel_height != 3 || w->dilation_x != 1 || w->stride_x > 2) return 0;
  if (!vfinishes_simply(&d->epilogue) || (d->result != gemm_result_u8 && d->result != gemm_result_s8)) return 0;
  ptrdiff_t begin, end;
  window_columns(w, &begin, &end);
  size_t c = 0;
  for (; c + 32 <= d->channels; c += 64) {
    DepthwiseBlock k;
    CAT(depthwise_block, ISA)(d, c, d->channels - c < 64 ? d->channels - c : 64, &k);
    const int8_t *weights = d->weights4 + c / 64 * (3 * 4 * 64);
    if (w->stride_x == 1) depthwise_block_rows(d, &k, weights, c, begin, end, 1);
    else depthwise_block_rows(d, &k, weights, c, begin, end, 2);
  }
  return c < d->channels ? c : d->channels;
}
