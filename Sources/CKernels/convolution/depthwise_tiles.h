// Square windows: sums of several rows and columns of outputs at once, so that lines of input come from the second-level
// cache once for all of them. `rows`, `pixels`, `size` and `stride` are constants in every copy of the body. With `checked`
// windows may reach out of the image, at its sides by at most size / 2 columns.
static const _Alignas(64) char SUFFIX(depthwise_zeros)[64];

INLINE void SUFFIX(depthwise_tile)(const DEPTHWISE *d, const DEPTHWISE *whole, const SUFFIX(DepthwiseColumns) *k,
                                   ptrdiff_t row, ptrdiff_t column, size_t c, size_t n, int rows, int pixels, int size,
                                   int stride, int checked) {
  const Window *w = &d->window;
  ptrdiff_t top = row * stride - w->pad_top, left = column * stride - w->pad_left;
  ptrdiff_t x_row = w->width * d->x_stride;
  const ELEMENT *x = d->x + (top * w->width + left) * d->x_stride + (ptrdiff_t)c;
  const ELEMENT *zeros = (const ELEMENT *)SUFFIX(depthwise_zeros);
  const float *weights = d->weights + c;
  int columns = (pixels - 1) * stride + size, edge = size / 2;
  int is_inside[16];
  if (checked)
#pragma clang loop unroll(full)
    for (int i = 0; i < columns; i++)
      is_inside[i] = (i >= edge && i < columns - edge) || (left + i >= 0 && left + i < w->width);
  vf acc[16], v[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * pixels; i++) acc[i] = (vf)0.0f;
#pragma clang loop unroll(full)
  for (int y = 0; y < (rows - 1) * stride + size; y++, x += x_row) {
    if (checked && (top + y < 0 || top + y >= w->height)) continue;
#pragma clang loop unroll(full)
    for (int i = 0; i < columns; i++) {
      const ELEMENT *p = x + i * d->x_stride;
      if (checked && (i < edge || i >= columns - edge)) p = is_inside[i] ? p : zeros;
      v[i] = LOAD(p, n);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int line = y - r * stride;
      if (line < 0 || line >= size) continue;
#pragma clang loop unroll(full)
      for (int i = 0; i < size; i++) {
        vf weight = vload_some(weights + (line * size + i) * d->weight_stride, n);
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p++) acc[r * pixels + p] = vfma(v[p * stride + i], weight, acc[r * pixels + p]);
      }
    }
  }
  // A copy, for what is passed by address would not stay in registers. A tile has no residual.
  vf sums[16];
  if (!k->simple) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * pixels; i++) sums[i] = vfma(acc[i], k->alpha, k->bias);
    SUFFIX(depthwise_activate)(&whole->epilogue, sums, (size_t)(rows * pixels));
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    ELEMENT *y = d->y + ((row + r) * w->output_width + column) * d->y_stride + (ptrdiff_t)c;
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++, y += d->y_stride) {
      int i = r * pixels + p;
      STORE(y, k->simple ? vclip(vfma(acc[i], k->alpha, k->bias), k->low, k->high) : sums[i], n);
    }
  }
}

// `rows` rows of outputs; `begin`..<`end` are the columns whose windows lie inside.
INLINE void SUFFIX(depthwise_tiles)(const DEPTHWISE *whole, const SUFFIX(DepthwiseColumns) *columns, size_t row,
                                    ptrdiff_t begin, ptrdiff_t end, int rows, int size, int stride) {
  // Copies that no store can alias.
  DEPTHWISE d = *whole;
  SUFFIX(DepthwiseColumns) k = *columns;
  enum { pixels = 4 };
  const float *bias = d.epilogue.bias;
  ptrdiff_t top = (ptrdiff_t)row * stride - d.window.pad_top;
  int inside = top >= 0 && top + (rows - 1) * stride + size <= d.window.height;
  ptrdiff_t last = d.window.output_width;
  for (ptrdiff_t column = 0; column < last; column += pixels) {
    // The last tile computes some columns again.
    if (column + pixels > last) column = last - pixels;
    int is_whole = inside && column >= begin && column + pixels <= end;
    size_t c = 0;
    for (; c + LANES <= d.channels; c += LANES) {
      k.bias = bias ? vload(bias + c) : (vf)0.0f;
      if (is_whole) SUFFIX(depthwise_tile)(&d, whole, &k, (ptrdiff_t)row, column, c, LANES, rows, pixels, size, stride, 0);
      else SUFFIX(depthwise_tile)(&d, whole, &k, (ptrdiff_t)row, column, c, LANES, rows, pixels, size, stride, 1);
    }
    size_t n = d.channels % LANES;
    if (n == 0) continue;
    k.bias = bias ? vload_n(bias + c, n) : (vf)0.0f;
    SUFFIX(depthwise_tile)(&d, whole, &k, (ptrdiff_t)row, column, c, n, rows, pixels, size, stride, 1);
  }
}

#define TILES_OF(size, stride, rows)                                                                                 \
  static __attribute__((noinline)) void SUFFIX(depthwise_tiles_##size##_##stride##_##rows)(                         \
      const DEPTHWISE *d, const SUFFIX(DepthwiseColumns) *k, size_t row, ptrdiff_t begin, ptrdiff_t end) {           \
    SUFFIX(depthwise_tiles)(d, k, row, begin, end, rows, size, stride);                                              \
  }
#define TILES(size, stride) TILES_OF(size, stride, 2) TILES_OF(size, stride, 4)
WINDOW_BODIES(TILES)
#undef TILES
#undef TILES_OF

typedef void (*SUFFIX(DepthwiseTiles))(const DEPTHWISE *, const SUFFIX(DepthwiseColumns) *, size_t, ptrdiff_t,
                                       ptrdiff_t);

// Computes all rows where there are tiles for them; returns whether there are.
static int SUFFIX(depthwise_whole)(const DEPTHWISE *d, SUFFIX(DepthwiseColumns) *k, ptrdiff_t begin, ptrdiff_t end) {
  const Window *w = &d->window;
  size_t rows = d->row_end - d->row_begin;
  ptrdiff_t edge = w->kernel_width / 2, last = (w->output_width - 1) * w->stride_x - w->pad_left + w->kernel_width;
  // Rows and columns that are computed again must not find what they wrote as their residual.
  if (rows < 2 || w->kernel_height != w->kernel_width || w->stride_y != w->stride_x || w->dilation_x != 1 ||
      w->dilation_y != 1 || w->output_width < 4 || w->pad_left > edge || last - w->width > edge ||
      RESIDUAL(&d->epilogue))
    return 0;
  SUFFIX(DepthwiseTiles) two = NULL, four = NULL;
#define CHOOSE(size, stride)                                 \
  if (w->kernel_width == size && w->stride_x == stride) {    \
    two = SUFFIX(depthwise_tiles_##size##_##stride##_2);     \
    four = SUFFIX(depthwise_tiles_##size##_##stride##_4);    \
  }
  WINDOW_BODIES(CHOOSE)
#undef CHOOSE
  if (!two) return 0;
  size_t most = (size_t)DEPTHWISE_ROWS(w->stride_x), step;
  for (size_t row = d->row_begin; row < d->row_end; row += step) {
    size_t left = d->row_end - row;
    step = most == 4 && left > 2 && rows >= 4 ? 4 : 2;
    if (left < step) row = d->row_end - step;
    (step == 4 ? four : two)(d, k, row, begin, end);
  }
  return 1;
}
