// Products with few columns: lanes run along the depth, so that none is idle. B is [columns][taps · depth].

// The sum of the lanes, always in the same order.
INLINE float lane_sum_f32(vf v) {
  float lanes[LANES];
  vstore(lanes, v);
#pragma clang loop unroll(full)
  for (int width = LANES / 2; width > 0; width /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}

// Sums of `rows` rows with `columns` columns of B from `column` on, stored to a tile of LANES floats per row.
INLINE void narrow_sums_f32(const GemmF32 *g, size_t row, size_t column, int rows, int columns, float *tile) {
  vf acc[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * columns; i++) acc[i] = (vf)0.0f;
  const RowSource *s = &g->a;
  const float *base = s->base, *b = g->b + (ptrdiff_t)column * g->b_stride;
  size_t taps = s->offsets ? s->taps : 1;
  for (size_t t = 0; t < taps; t++, b += s->depth) {
    const float *a[8];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      if (s->offsets) {
        int32_t offset = s->offsets[(ptrdiff_t)(row + (size_t)r) * s->offset_stride + (ptrdiff_t)t];
        a[r] = offset < 0 ? (const float *)s->padding : base + offset;
      } else {
        a[r] = base + (ptrdiff_t)(row + (size_t)r) * s->stride;
      }
    }
    size_t p = 0;
    for (; p + LANES <= s->depth; p += LANES) {
      vf bv[4];
#pragma clang loop unroll(full)
      for (int c = 0; c < columns; c++) bv[c] = vload(b + c * g->b_stride + p);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vf av = vload(a[r] + p);
#pragma clang loop unroll(full)
        for (int c = 0; c < columns; c++) acc[r * columns + c] = vfma(av, bv[c], acc[r * columns + c]);
      }
    }
    if (p < s->depth) {
      size_t n = s->depth - p;
      vf bv[4];
#pragma clang loop unroll(full)
      for (int c = 0; c < columns; c++) bv[c] = vload_n(b + c * g->b_stride + p, n);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vf av = vload_n(a[r] + p, n);
#pragma clang loop unroll(full)
        for (int c = 0; c < columns; c++) acc[r * columns + c] = vfma(av, bv[c], acc[r * columns + c]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < columns; c++) tile[r * LANES + c + (ptrdiff_t)column] = lane_sum_f32(acc[r * columns + c]);
}

#define NARROW(rows, columns)                                                                                      \
  static __attribute__((noinline)) void CAT(narrow_f32_##rows##x##columns, ISA)(const GemmF32 *g, size_t row,      \
                                                                               size_t column, float *tile) {       \
    narrow_sums_f32(g, row, column, rows, columns, tile);                                                          \
  }
NARROW(8, 1)
NARROW(4, 2)
NARROW(1, 1)
NARROW(1, 2)
#if LANES == 16
NARROW(4, 3)
NARROW(4, 4)
NARROW(1, 3)
NARROW(1, 4)
#define NARROW_COLUMNS 4
#else
#define NARROW_COLUMNS 2
#endif
#undef NARROW

INLINE void narrow_finish_f32(const GemmF32 *g, size_t row, const float *tile, int rows) {
  vf acc[8];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) acc[r] = vload(tile + r * LANES);
  finish_tile_f32(g, row, acc, rows, 1, g->columns);
}

// As gemm_f32, whole, for columns ≤ LANES; rows of B are its columns.
KERNEL(narrow_f32)(const GemmF32 *g) {
  typedef void (*Sums)(const GemmF32 *, size_t, size_t, float *);
#define NAME(rows, columns) CAT(narrow_f32_##rows##x##columns, ISA)
#if LANES == 16
  static const Sums many[] = {NAME(8, 1), NAME(4, 2), NAME(4, 3), NAME(4, 4)};
  static const Sums one[] = {NAME(1, 1), NAME(1, 2), NAME(1, 3), NAME(1, 4)};
#else
  static const Sums many[] = {NAME(8, 1), NAME(4, 2)};
  static const Sums one[] = {NAME(1, 1), NAME(1, 2)};
#endif
#undef NAME
  float tile[8 * LANES] = {0};
  size_t height = g->columns == 1 ? 8 : 4;
  for (size_t row = 0; row < g->rows;) {
    size_t rows = g->rows - row >= height ? height : 1;
    for (size_t column = 0; column < g->columns;) {
      size_t columns = g->columns - column < NARROW_COLUMNS ? g->columns - column : NARROW_COLUMNS;
      // A single column left over is summed in eight rows at once, which here are too many.
      if (rows == 4 && columns == 1)
        for (size_t r = 0; r < rows; r++) one[0](g, row + r, column, tile + r * LANES);
      else (rows == 1 ? one : many)[columns - 1](g, row, column, tile);
      column += columns;
    }
    if (rows == 8) narrow_finish_f32(g, row, tile, 8);
    else if (rows == 4) narrow_finish_f32(g, row, tile, 4);
    else narrow_finish_f32(g, row, tile, 1);
    row += rows;
  }
}
#undef NARROW_COLUMNS
