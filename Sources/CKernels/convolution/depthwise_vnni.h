// 3×3 and 5×5 windows over blocks of 64 channels with `vpdpbusd`: bytes of four kernel rows interleave to one lane per
// channel. Interleaving permutes the channels of a block: vector q, 128-bit lane l, element d holds channel 16·l + 4·q + d.
// Where only 32 or 16 channels are left, a vector takes them of two or four columns of the output side by side.
#include "../gemm/finish_bytes.h"

typedef struct {
  ByteRows finish;
  vi correction[4];
  __m512i zero, flip;
} DepthwiseBlock;

// Σ taps of the weights, scales and biases of the channels from c on, permuted, and repeated for each of `columns`.
static __attribute__((noinline)) void CAT(depthwise_block, ISA)(const DepthwiseI8 *d, size_t c, size_t count,
                                                                size_t columns, DepthwiseBlock *k) {
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
    for (size_t q = 0; q < 4; q++)
      for (size_t lane = l; lane < 4; lane += 4 / columns) {
        memcpy(scale + 16 * q + 4 * lane, (const float *)&scales + 4 * q, 16);
        memcpy(bias + 16 * q + 4 * lane, (const float *)&biases + 4 * q, 16);
        memcpy(correction + 16 * q + 4 * lane, (const int32_t *)&corrected + 4 * q, 16);
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

// Bytes of a block of channels of `columns` pixels, `distance` apart, of which those within `inside` are there.
INLINE __m512i load_columns(const uint8_t *x, ptrdiff_t distance, __mmask64 mask, __m512i zero, int columns, int inside) {
  __m512i r = zero;
  if (columns == 1) return inside & 1 ? _mm512_maskz_loadu_epi8(mask, x) : zero;
  if (columns == 2) {
    if (inside & 1) r = _mm512_inserti64x4(r, _mm256_loadu_si256((const __m256i *)x), 0);
    if (inside & 2) r = _mm512_inserti64x4(r, _mm256_loadu_si256((const __m256i *)(x + distance)), 1);
    return r;
  }
  if (inside & 1) r = _mm512_inserti32x4(r, _mm_loadu_si128((const __m128i *)x), 0);
  if (inside & 2) r = _mm512_inserti32x4(r, _mm_loadu_si128((const __m128i *)(x + distance)), 1);
  if (inside & 4) r = _mm512_inserti32x4(r, _mm_loadu_si128((const __m128i *)(x + 2 * distance)), 2);
  if (inside & 8) r = _mm512_inserti32x4(r, _mm_loadu_si128((const __m128i *)(x + 3 * distance)), 3);
  return r;
}

INLINE __m512i load_repeated(const int8_t *w, int columns) {
  if (columns == 2) return _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)w));
  if (columns == 4) return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)w));
  return _mm512_loadu_si512(w);
}

INLINE void store_columns(uint8_t *y, ptrdiff_t distance, __mmask64 mask, __m512i bytes, int columns) {
  if (columns == 1) {
    _mm512_mask_storeu_epi8(y, mask, bytes);
  } else if (columns == 2) {
    _mm256_storeu_si256((__m256i *)y, _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256((__m256i *)(y + distance), _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    _mm_storeu_si128((__m128i *)y, _mm512_castsi512_si128(bytes));
    _mm_storeu_si128((__m128i *)(y + distance), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128((__m128i *)(y + 2 * distance), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128((__m128i *)(y + 3 * distance), _mm512_extracti32x4_epi32(bytes, 3));
  }
}

// `vectors` times `columns` neighbouring pixels from `column` on.
INLINE void depthwise_block_pixels(const DepthwiseI8 *d, const DepthwiseBlock *k, const int8_t *weights,
                                   const uint8_t *const rows[], size_t row, ptrdiff_t column, size_t c, int vectors,
                                   int columns, int size, int stride, int checked, int is_signed, int form) {
  enum { most = 4 };
  const int groups = (size + 3) / 4, step = columns * stride;
  vi acc[most][4];
#pragma clang loop unroll(full)
  for (int p = 0; p < vectors; p++)
#pragma clang loop unroll(full)
    for (int q = 0; q < 4; q++) acc[p][q] = k->correction[q];
  ptrdiff_t origin = column * stride - d->window.pad_left;
#pragma clang loop unroll(full)
  for (int i = 0; i < (vectors - 1) * step + size; i++) {
    if (i % step >= size) continue;
    int inside = 15;
    for (int j = 0; checked && j < columns; j++) {
      ptrdiff_t at = origin + i + j * stride;
      if (at < 0 || at >= d->window.width) inside &= ~(1 << j);
    }
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++) {
      const int count = size - 4 * g < 4 ? size - 4 * g : 4;
      __m512i r[4], x[4];
#pragma clang loop unroll(full)
      for (int y = 0; y < count; y++) {
        const uint8_t *from = rows[4 * g + y];
        r[y] = k->zero;
        if (!checked || from) {
          r[y] = load_columns(from + (origin + i) * d->x_stride, stride * d->x_stride, k->finish.mask,
                              is_signed ? _mm512_xor_si512(k->zero, k->flip) : k->zero, columns, inside);
          if (is_signed) r[y] = _mm512_xor_si512(r[y], k->flip);
        }
      }
      interleave_rows(r, count, x);
#pragma clang loop unroll(full)
      for (int p = 0; p < vectors; p++) {
        if (i < p * step || i - p * step >= size) continue;
#pragma clang loop unroll(full)
        for (int q = 0; q < 4; q++) {
          __m512i w = load_repeated(weights + (((i - p * step) * groups + g) * 4 + q) * 64, columns);
          acc[p][q] = (vi)_mm512_dpbusd_epi32((__m512i)acc[p][q], x[q], w);
        }
      }
    }
  }
  uint8_t *out = (uint8_t *)d->y + (ptrdiff_t)(row * (size_t)d->window.output_width + (size_t)column) * d->y_stride +
                 (ptrdiff_t)c;
#pragma clang loop unroll(full)
  for (int p = 0; p < vectors; p++, out += columns * d->y_stride)
    store_columns(out, d->y_stride, k->finish.mask,
                  finish_bytes(&k->finish, acc[p], _mm512_setzero_si512(), 4, form), columns);
}

INLINE void depthwise_block_rows(const DepthwiseI8 *whole, const DepthwiseBlock *given, const int8_t *weights, size_t c,
                                 ptrdiff_t begin, ptrdiff_t end, int columns, int size, int stride, int is_signed,
                                 int form) {
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
    // Sixteen sums of a vector each, or fewer where a vector takes many columns.
    const int vectors = columns == 4 ? 2 : 4, most = vectors * columns;
    for (; column + most <= w->output_width; column += most) {
      if (whole_rows && column >= begin && column + most <= end)
        depthwise_block_pixels(&d, &k, weights, rows, row, column, c, vectors, columns, size, stride, 0, is_signed, form);
      else depthwise_block_pixels(&d, &k, weights, rows, row, column, c, vectors, columns, size, stride, 1, is_signed, form);
    }
    for (; columns > 1 && column + columns <= w->output_width; column += columns)
      depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 1, columns, size, stride, 1, is_signed, form);
    for (; columns == 1 && column + 2 <= w->output_width; column += 2)
      depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 2, 1, size, stride, 1, is_signed, form);
    for (; column < w->output_width; column++)
      depthwise_block_pixels(&d, &k, weights, rows, row, column, c, 1, 1, size, stride, 1, is_signed, form);
  }
}

#define BLOCK_ROWS(columns, size, stride)                                                                            \
  static __attribute__((noinline)) void CAT(depthwise_block_rows_##columns##_##size##_##stride, ISA)(                \
      const DepthwiseI8 *d, const DepthwiseBlock *k, const int8_t *weights, size_t c, ptrdiff_t begin, ptrdiff_t end) { \
    if (d->x_signed) depthwise_block_rows(d, k, weights, c, begin, end, columns, size, stride, 1, bytes_any);        \
    else if (k->finish.form == bytes_plain)                                                                          \
      depthwise_block_rows(d, k, weights, c, begin, end, columns, size, stride, 0, bytes_plain);                     \
    else depthwise_block_rows(d, k, weights, c, begin, end, columns, size, stride, 0, bytes_any);                    \
  }
#define BLOCKS(columns) \
  BLOCK_ROWS(columns, 3, 1) BLOCK_ROWS(columns, 3, 2) BLOCK_ROWS(columns, 5, 1) BLOCK_ROWS(columns, 5, 2)
BLOCKS(1)
BLOCKS(2)
BLOCKS(4)
#undef BLOCKS
#undef BLOCK_ROWS

// Computes blocks of channels while they fill at least a quarter; returns how many channels are done.
static __attribute__((noinline)) size_t CAT(depthwise_blocks, ISA)(const DepthwiseI8 *d) {
  typedef void (*Rows)(const DepthwiseI8 *, const DepthwiseBlock *, const int8_t *, size_t, ptrdiff_t, ptrdiff_t);
#define BODIES(columns)                                                                                             \
  {{CAT(depthwise_block_rows_##columns##_3_1, ISA), CAT(depthwise_block_rows_##columns##_3_2, ISA)},                \
   {CAT(depthwise_block_rows_##columns##_5_1, ISA), CAT(depthwise_block_rows_##columns##_5_2, ISA)}}
  static const Rows bodies[][2][2] = {BODIES(1), BODIES(2), BODIES(4)};
#undef BODIES
  const Window *w = &d->window;
  ptrdiff_t size = w->kernel_width;
  if (!d->weights4 || (size != 3 && size != 5) || w->kernel_height != size || w->dilation_x != 1 || w->stride_x > 2)
    return 0;
  if (!vfinishes_simply(&d->epilogue) || (d->result != gemm_result_u8 && d->result != gemm_result_s8)) return 0;
  ptrdiff_t begin, end, block = size * ((size + 3) / 4) * 256;
  window_columns(w, &begin, &end);
  size_t c = 0;
  for (; c + 16 <= d->channels; c += 64) {
    size_t count = d->channels - c < 64 ? d->channels - c : 64;
    int halvings = count == 16 ? 2 : count == 32 ? 1 : 0;
    DepthwiseBlock k;
    CAT(depthwise_block, ISA)(d, c, count, (size_t)1 << halvings, &k);
    bodies[halvings][size == 5][w->stride_x - 1](d, &k, d->weights4 + (ptrdiff_t)(c / 64) * block, c, begin, end);
  }
  return c < d->channels ? c : d->channels;
}
