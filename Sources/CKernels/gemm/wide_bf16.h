// fp32 rows times bfloat16 panels, which are widened in registers: nothing but B is rounded, and B is half as long to read.
enum { wide_rows = HAS_AVX512 ? 6 : 4 };

// The even or the odd rows of B of a vector of pairs.
INLINE vf even_of(vi pair) { return vfloat(pair << 16); }
INLINE vf odd_of(vi pair) { return vfloat(pair & (int32_t)0xffff0000); }

INLINE void tile_wide_bf16(const GemmBF16 *g, size_t row, int rows, int nv, int split) {
  vf acc[32];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv * split; i++) acc[i] = (vf)0.0f;
  const uint16_t *b = g->b;
  const float *a[wide_rows];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) a[r] = (const float *)g->a.base + (ptrdiff_t)(row + (size_t)r) * g->a.stride;
  size_t p = 0, depth = g->a.depth;
  for (; p + 2 * (size_t)split <= depth; p += 2 * (size_t)split) {
#pragma clang loop unroll(full)
    for (int s = 0; s < split; s++, b += nv * LANES * 2) {
      vi pair[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) pair[j] = vloadi((const int32_t *)(const void *)(b + j * LANES * 2));
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vf even = vset(a[r][p + 2 * (size_t)s]);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) {
          vf *sum = &acc[(s * rows + r) * nv + j];
          *sum = vfma(even, even_of(pair[j]), *sum);
        }
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vf odd = vset(a[r][p + 2 * (size_t)s + 1]);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) {
          vf *sum = &acc[(s * rows + r) * nv + j];
          *sum = vfma(odd, odd_of(pair[j]), *sum);
        }
      }
    }
  }
  for (; p < depth; p++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      vi pair = vloadi((const int32_t *)(const void *)(b + j * LANES * 2));
      vf w = p % 2 ? odd_of(pair) : even_of(pair);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) acc[r * nv + j] = vfma(vset(a[r][p]), w, acc[r * nv + j]);
    }
    if (p % 2) b += nv * LANES * 2;
  }
#pragma clang loop unroll(full)
  for (int i = rows * nv; i < rows * nv * split; i++) acc[i % (rows * nv)] += acc[i];
  if (vfinishes_simply_bf16(&g->epilogue)) {
    finish_registers_bf16(g, row, acc, rows, nv);
    return;
  }
  float tile[wide_rows * 4 * LANES];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) vstore(tile + (r * nv + j) * LANES, acc[r * nv + j]);
  CAT(finish_bf16, ISA)(g, row, (size_t)rows, tile, (size_t)nv * LANES);
}

#define SPLIT_WIDE(nv, rows)                                                                             \
  ((rows) * (nv) * 4 <= wide_rows * PANEL_VECTORS ? 4 : (rows) * (nv) * 2 <= wide_rows * PANEL_VECTORS ? 2 : 1)
#define TILE(nv, rows)                                                                                           \
  static __attribute__((noinline)) void CAT(tile_wide_##nv##x##rows, ISA)(const GemmBF16 *g, size_t row) {       \
    tile_wide_bf16(g, row, rows, nv, SPLIT_WIDE(nv, rows));                                                      \
  }
#define NAME(nv, rows) CAT(tile_wide_##nv##x##rows, ISA)
#if HAS_AVX512
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4) TILE(nv, 5) TILE(nv, 6)
#define NAMES(nv) {NAME(nv, 1), NAME(nv, 2), NAME(nv, 3), NAME(nv, 4), NAME(nv, 5), NAME(nv, 6)}
#else
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4)
#define NAMES(nv) {NAME(nv, 1), NAME(nv, 2), NAME(nv, 3), NAME(nv, 4)}
#endif
TILES(1)
TILES(2)
#if PANEL_VECTORS == 4
TILES(3)
TILES(4)
#define PANEL_NAMES {NAMES(1), NAMES(2), NAMES(3), NAMES(4)}
#else
#define PANEL_NAMES {NAMES(1), NAMES(2)}
#endif

// As gemm_bf16 for fp32 rows in one piece each.
KERNEL(wide_bf16)(const GemmBF16 *g) {
  typedef void (*Tile)(const GemmBF16 *, size_t);
  static const Tile tiles[PANEL_VECTORS][wide_rows] = PANEL_NAMES;
  const Tile *column = tiles[(g->columns + LANES - 1) / LANES - 1];
  size_t row = 0;
  for (; row + wide_rows <= g->rows; row += wide_rows) column[wide_rows - 1](g, row);
  if (row < g->rows) column[g->rows - row - 1](g, row);
}
#undef PANEL_NAMES
#undef NAMES
#undef NAME
#undef TILES
#undef TILE
#undef SPLIT_WIDE
