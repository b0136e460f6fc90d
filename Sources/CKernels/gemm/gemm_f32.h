// Register tiles of `rows` rows and `nv` vectors; both are constants in every copy of the body.
#include "ahead.h"

enum { ahead_steps = 8 };

// Sums of one piece of the rows. Several partial sums per element (`split`) hide the latency of small tiles.
INLINE const float *tile_sums_f32(vf acc[], const float *const a[], const float *b, ptrdiff_t b_stride, size_t depth,
                                  Ahead *ahead, int rows, int nv, int split) {
  Ahead own = *ahead;
  size_t p = 0;
  for (; p + (size_t)split <= depth; p += (size_t)split) {
    if (own.lines && p % ahead_steps == 0) fetch_ahead(&own);
#pragma clang loop unroll(full)
    for (int s = 0; s < split; s++, b += b_stride) {
      vf bv[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) bv[j] = vload(b + j * LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vf av = vset(a[r][p + (size_t)s]);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) acc[(s * rows + r) * nv + j] = vfma(av, bv[j], acc[(s * rows + r) * nv + j]);
      }
    }
  }
  for (; p < depth; p++, b += b_stride) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf av = vset(a[r][p]);
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) acc[r * nv + j] = vfma(av, vload(b + j * LANES), acc[r * nv + j]);
    }
  }
  *ahead = own;
  return b;
}

INLINE void tile_f32(const GemmF32 *g, size_t row, Ahead ahead, int rows, int nv, int split) {
  vf acc[32];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv * split; i++) acc[i] = (vf)0.0f;
  const RowSource *s = &g->a;
  const float *base = s->base, *b = g->b, *a[12];
  if (!s->offsets) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = base + (ptrdiff_t)(row + (size_t)r) * s->stride;
    tile_sums_f32(acc, a, b, g->b_stride, s->depth, &ahead, rows, nv, split);
  } else {
    const int32_t *offsets = s->offsets + (ptrdiff_t)row * s->offset_stride;
    for (size_t t = 0; t < s->taps; t++) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t offset = offsets[r * s->offset_stride + (ptrdiff_t)t];
        a[r] = offset < 0 ? (const float *)s->padding : base + offset;
      }
      b = tile_sums_f32(acc, a, b, g->b_stride, s->depth, &ahead, rows, nv, split);
    }
  }
#pragma clang loop unroll(full)
  for (int i = rows * nv; i < rows * nv * split; i++) acc[i % (rows * nv)] += acc[i];

  size_t tail = g->columns - (size_t)(nv - 1) * LANES;
  float *c = g->c + (ptrdiff_t)row * g->c_stride;
  if (g->accumulate) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) {
        float *p = c + r * g->c_stride + j * LANES;
        acc[r * nv + j] += j < nv - 1 ? vload(p) : vload_n(p, tail);
      }
  }
  if (!g->finish) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) {
        float *p = c + r * g->c_stride + j * LANES;
        if (j < nv - 1) vstore(p, acc[r * nv + j]);
        else vstore_n(p, acc[r * nv + j], tail);
      }
    return;
  }
  if (vfinishes_simply_f32(&g->epilogue)) finish_registers_f32(g, row, acc, rows, nv, tail, NULL);
  else finish_tile_f32(g, row, acc, rows, nv, tail);
}

#define TILE(nv, rows)                                                                                               \
  static __attribute__((noinline)) void CAT(tile_f32_##nv##x##rows, ISA)(const GemmF32 *g, size_t row, Ahead ahead) { \
    tile_f32(g, row, ahead, rows, nv, rows * nv * 4 <= TILE_ROWS(PANEL_VECTORS) * PANEL_VECTORS ? 4 : rows * nv * 2 <= TILE_ROWS(PANEL_VECTORS) * PANEL_VECTORS ? 2 : 1); \
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

KERNEL(gemm_f32)(const GemmF32 *g) {
  typedef void (*Tile)(const GemmF32 *, size_t, Ahead);
#define NAME(nv, rows) CAT(tile_f32_##nv##x##rows, ISA)
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
  enum { most_lines = 16 };
  const Tile *column = tiles[nv - 1];
  size_t height = (size_t)TILE_ROWS(nv), tiles_left = (g->rows + height - 1) / height;
  // Runs of steps in a tile, each of which fetches some lines.
  size_t runs = g->a.taps * ((g->a.depth + ahead_steps - 1) / ahead_steps);
  AheadRest rest = ahead_of(g->next, g->next_bytes);
  for (size_t row = 0, rows; row < g->rows; row += rows) {
    // Tiles of nearly equal height: a tile of few rows would wait for B.
    size_t left = g->rows - row, count = (left + height - 1) / height;
    rows = (left + count - 1) / count;
    column[rows - 1](g, row, ahead_part(&rest, runs, tiles_left, most_lines));
    tiles_left--;
  }
}
