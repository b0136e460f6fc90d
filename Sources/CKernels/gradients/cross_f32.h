// Sums of outer products: a tile of `rows` columns of A by `nv` vectors of columns of B, over all rows of both.
INLINE void cross_tile_f32(const CrossF32 *g, size_t row, int rows, int nv, int whole) {
  vf acc[32];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv; i++) acc[i] = (vf)0.0f;
  size_t tail = g->columns - (size_t)(nv - 1) * LANES;
  ptrdiff_t a_stride = g->a_stride, b_stride = g->b_stride;
  for (size_t image = 0; image < g->images; image++) {
    const float *a0 = g->a + (ptrdiff_t)image * g->a_image + row, *b0 = g->b + (ptrdiff_t)image * g->b_image;
    for (const RowRun *run = g->runs, *end = run + g->run_count; run < end; run++) {
      const float *a = a0 + run->a, *b = b0 + run->b;
      for (int32_t i = run->count; i > 0; i--, a += a_stride, b += b_stride) {
        vf bv[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++)
          bv[j] = whole || j < nv - 1 ? vload(b + j * LANES) : vload_n(b + j * LANES, tail);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
          vf av = vset(a[r]);
#pragma clang loop unroll(full)
          for (int j = 0; j < nv; j++) acc[r * nv + j] = vfma(av, bv[j], acc[r * nv + j]);
        }
      }
    }
  }
  float *c = g->c + (ptrdiff_t)row * g->c_stride;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      float *p = c + r * g->c_stride + j * LANES;
      size_t n = j < nv - 1 ? LANES : tail;
      vf sum = acc[r * nv + j];
      if (g->accumulate) sum += vload_some(p, n);
      vstore_some(p, sum, n);
    }
}

#define TILE(nv, rows)                                                                                   \
  static __attribute__((noinline)) void CAT(cross_f32_##nv##x##rows, ISA)(const CrossF32 *g, size_t row) { \
    if (g->columns == nv * LANES) cross_tile_f32(g, row, rows, nv, 1);                                    \
    else cross_tile_f32(g, row, rows, nv, 0);                                                             \
  }
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4) TILE(nv, 5) TILE(nv, 6) TILE(nv, 7) TILE(nv, 8)
TILES(1)
TILES(2)
#if PANEL_VECTORS == 4
TILES(3)
TILES(4)
#endif
#undef TILES
#undef TILE

// All rows of a window at once, where they fit in the registers.
INLINE void cross_window_f32(const CrossF32 *g, int lines, int span) {
  vf acc[27];
#pragma clang loop unroll(full)
  for (int i = 0; i < lines * span; i++) acc[i] = (vf)0.0f;
  for (size_t image = 0; image < g->images; image++) {
    const float *a0 = g->a + (ptrdiff_t)image * g->a_image, *b0 = g->b + (ptrdiff_t)image * g->b_image;
    for (const RowRun *run = g->runs, *end = run + g->run_count; run < end; run++) {
      const float *a = a0 + run->a, *b = b0 + run->b;
      for (int32_t n = run->count; n > 0; n--, a += g->a_stride, b += g->b_stride) {
        vf bv = vload_some(b, g->columns);
#pragma clang loop unroll(full)
        for (int i = 0; i < lines * span; i++) acc[i] = vfma(vset(a[i / span * g->line + i % span]), bv, acc[i]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < lines * span; i++) {
    float *p = g->c + (ptrdiff_t)i * g->c_stride;
    vstore_some(p, g->accumulate ? acc[i] + vload_some(p, g->columns) : acc[i], g->columns);
  }
}

#define WINDOW(lines, span)                                                                              \
  static __attribute__((noinline)) void CAT(cross_f32_window_##lines##x##span, ISA)(const CrossF32 *g) { \
    cross_window_f32(g, lines, span);                                                                    \
  }
WINDOW(3, 3)
WINDOW(3, 9)
WINDOW(5, 5)
#undef WINDOW

KERNEL(cross_f32)(const CrossF32 *g) {
  if (g->lines > 1) {
    if (g->lines == 5) CAT(cross_f32_window_5x5, ISA)(g);
    else if (g->span == 9) CAT(cross_f32_window_3x9, ISA)(g);
    else CAT(cross_f32_window_3x3, ISA)(g);
    return;
  }
  typedef void (*Tile)(const CrossF32 *, size_t);
#define NAME(nv, rows) CAT(cross_f32_##nv##x##rows, ISA)
#define NAMES(nv)                                                                                                   \
  {NAME(nv, 1), NAME(nv, 2), NAME(nv, 3), NAME(nv, 4), NAME(nv, 5), NAME(nv, 6), NAME(nv, 7), NAME(nv, 8)}
  static const Tile tiles[][8] = {
      NAMES(1),
      NAMES(2),
#if PANEL_VECTORS == 4
      NAMES(3),
      NAMES(4),
#endif
  };
#undef NAMES
#undef NAME
  int nv = (int)((g->columns + LANES - 1) / LANES);
  size_t height = (size_t)TILE_ROWS(nv);
  for (size_t row = 0, rows; row < g->rows; row += rows) {
    // Tiles of nearly equal height.
    size_t left = g->rows - row, count = (left + height - 1) / height;
    rows = (left + count - 1) / count;
    tiles[nv - 1][rows - 1](g, row);
  }
}
