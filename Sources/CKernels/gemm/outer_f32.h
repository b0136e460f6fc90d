// Sums of outer products, C [m × n] = Σ aᵀ·b over the rows of two matrices, neither of which is packed.

INLINE void outer_tile_f32(const OuterF32 *o, size_t row, size_t column, size_t tail, int rows, int nv, int whole) {
  vf acc[32];
  const float *a = o->a + row, *b = o->b + column;
  float *c = o->c + (ptrdiff_t)row * o->c_stride + (ptrdiff_t)column;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv; i++) {
    acc[i] = (vf)0.0f;
    __builtin_prefetch(c + i / nv * o->c_stride + i % nv * LANES, 1, 3);
  }
  for (size_t p = 0; p < o->depth; p++, a += o->a_stride, b += o->b_stride) {
    vf bv[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) bv[j] = whole || j < nv - 1 ? vload(b + j * LANES) : vload_n(b + j * LANES, tail);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf av = vset(a[r]);
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) acc[r * nv + j] = vfma(av, bv[j], acc[r * nv + j]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      float *p = c + r * o->c_stride + j * LANES;
      size_t n = whole || j < nv - 1 ? LANES : tail;
      if (o->accumulate) acc[r * nv + j] += vload_some(p, n);
      vstore_some(p, acc[r * nv + j], n);
    }
}

#define TILE(nv, rows)                                                                                              \
  static __attribute__((noinline)) void CAT(outer_f32_##nv##x##rows, ISA)(const OuterF32 *o, size_t row,            \
                                                                          size_t column, size_t tail) {            \
    if (tail == LANES) outer_tile_f32(o, row, column, tail, rows, nv, 1);                                          \
    else outer_tile_f32(o, row, column, tail, rows, nv, 0);                                                        \
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

KERNEL(outer_f32)(const OuterF32 *o) {
  typedef void (*Tile)(const OuterF32 *, size_t, size_t, size_t);
#define NAME(nv, rows) CAT(outer_f32_##nv##x##rows, ISA)
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
  for (size_t column = 0; column < o->n; column += PANEL_VECTORS * LANES) {
    size_t width = o->n - column < PANEL_VECTORS * LANES ? o->n - column : PANEL_VECTORS * LANES;
    int nv = (int)((width + LANES - 1) / LANES);
    size_t height = (size_t)TILE_ROWS(nv), tail = width - (size_t)(nv - 1) * LANES;
    for (size_t row = 0, rows; row < o->m; row += rows) {
      size_t left = o->m - row, count = (left + height - 1) / height;
      rows = (left + count - 1) / count;
      tiles[nv - 1][rows - 1](o, row, column, tail);
    }
  }
}
