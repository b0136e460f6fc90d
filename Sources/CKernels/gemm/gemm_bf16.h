#include "../math/bfloat16.h"
#include "epilogue_bf16.h"

enum { bf16_rows = HAS_BF16 ? 6 : 4 };

// The last element of each row of odd depth, with 0 for its partner.
static __attribute__((noinline)) void CAT(last_halves, ISA)(const uint16_t *const a[], size_t at, int rows,
                                                            int32_t *words) {
  for (int r = 0; r < rows; r++) words[r] = a[r][at];
}

INLINE const uint16_t *tile_sums_bf16(vf acc[], const uint16_t *const a[], const uint16_t *b, size_t depth, int rows,
                                      int nv, int split) {
  size_t p = 0;
  for (; p + 2 * (size_t)split <= depth; p += 2 * (size_t)split) {
#pragma clang loop unroll(full)
    for (int s = 0; s < split; s++, b += nv * LANES * 2) {
      Pairs bv[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) bv[j] = pairs(vloadi((const int32_t *)(const void *)(b + j * LANES * 2)));
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t word;
        memcpy(&word, a[r] + p + 2 * s, 4);
        Pairs av = pairs((vi)word);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) acc[(s * rows + r) * nv + j] = dot2(acc[(s * rows + r) * nv + j], av, bv[j]);
      }
    }
  }
  for (; p < depth; p += 2, b += nv * LANES * 2) {
    int32_t words[8];
    if (p + 1 == depth) {
      CAT(last_halves, ISA)(a, p, rows, words);
    } else {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) memcpy(&words[r], a[r] + p, 4);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      Pairs av = pairs((vi)words[r]);
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++)
        acc[r * nv + j] = dot2(acc[r * nv + j], av, pairs(vloadi((const int32_t *)(const void *)(b + j * LANES * 2))));
    }
  }
  return b;
}

INLINE void tile_bf16(const GemmBF16 *g, size_t row, int rows, int nv, int split) {
  vf acc[32];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv * split; i++) acc[i] = (vf)0.0f;
  const RowSource *s = &g->a;
  const uint16_t *base = s->base, *a[8], *b = g->b;
  if (!s->offsets) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = base + (ptrdiff_t)(row + (size_t)r) * s->stride;
    tile_sums_bf16(acc, a, b, s->depth, rows, nv, split);
  } else {
    const int32_t *offsets = s->offsets + (ptrdiff_t)row * s->offset_stride;
    for (size_t t = 0; t < s->taps; t++) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t offset = offsets[r * s->offset_stride + (ptrdiff_t)t];
        a[r] = offset < 0 ? (const uint16_t *)s->padding : base + offset;
      }
      b = tile_sums_bf16(acc, a, b, s->depth, rows, nv, split);
    }
  }
#pragma clang loop unroll(full)
  for (int i = rows * nv; i < rows * nv * split; i++) acc[i % (rows * nv)] += acc[i];
  if (vfinishes_simply_bf16(&g->epilogue)) {
    finish_registers_bf16(g, row, acc, rows, nv);
    return;
  }
  float tile[8 * 4 * LANES];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) vstore(tile + (r * nv + j) * LANES, acc[r * nv + j]);
  CAT(finish_bf16, ISA)(g, row, (size_t)rows, tile, (size_t)nv * LANES);
}

#define TILE(nv, rows)                                                                                  \
  static __attribute__((noinline)) void CAT(tile_bf16_##nv##x##rows, ISA)(const GemmBF16 *g, size_t row) { \
    tile_bf16(g, row, rows, nv, rows * nv * 2 <= bf16_rows * PANEL_VECTORS ? 2 : 1);                    \
  }
#define NAME(nv, rows) CAT(tile_bf16_##nv##x##rows, ISA)
#if HAS_BF16
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

KERNEL(gemm_bf16)(const GemmBF16 *g) {
  typedef void (*Tile)(const GemmBF16 *, size_t);
  static const Tile tiles[PANEL_VECTORS][bf16_rows] = PANEL_NAMES;
  const Tile *column = tiles[(g->columns + LANES - 1) / LANES - 1];
  size_t row = 0;
  for (; row + bf16_rows <= g->rows; row += bf16_rows) column[bf16_rows - 1](g, row);
  if (row < g->rows) column[g->rows - row - 1](g, row);
}
#undef PANEL_NAMES
#undef NAMES
#undef NAME
#undef TILES
#undef TILE
