#include "bfloat16.h"

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

INLINE void store_bf16(const GemmBF16 *g, size_t row, size_t j, vf x, size_t n) {
  ptrdiff_t at = (ptrdiff_t)row * g->c_stride + (ptrdiff_t)j;
  if (g->narrow) vstore_half((uint16_t *)g->c + at, vnarrow(x), n);
  else vstore_some((float *)g->c + at, x, n);
}

static __attribute__((noinline)) void CAT(finish_bf16, ISA)(const GemmBF16 *g, size_t row, size_t rows,
                                                            const float *tile, size_t tile_stride) {
  const EpilogueF32 *e = &g->epilogue;
  for (size_t r = 0; r < rows; r++) {
    vf row_bias = vset(e->row_bias ? e->row_bias[row + r] : 0);
    const float *residual = e->residual ? e->residual + (ptrdiff_t)(row + r) * e->residual_stride : NULL;
    for (size_t j = 0; j < g->columns; j += LANES) {
      size_t n = g->columns - j;
      vf x = vfma(vload(tile + r * tile_stride + j), vset(e->alpha), row_bias);
      if (e->bias) x += vload_some(e->bias + j, n);
      if (residual) x += vload_some(residual + j, n);
      store_bf16(g, row + r, j, vactivate_(x, e->activation, vset(e->p0), vset(e->p1), 0), n);
    }
  }
}

INLINE void finish_registers_bf16(const GemmBF16 *g, size_t row, const vf acc[], int rows, int nv) {
  const EpilogueF32 *e = &g->epilogue;
  int clips = e->activation == activation_clip;
  vf alpha = vset(e->alpha), low = vset(clips ? e->p0 : -__builtin_inff()),
     high = vset(clips ? e->p1 : __builtin_inff());
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    vf bias = e->bias ? vload(e->bias + j * LANES) : (vf)0.0f;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
      store_bf16(g, row + (size_t)r, (size_t)j * LANES, vclip(vfma(acc[r * nv + j], alpha, bias), low, high), LANES);
  }
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
  const EpilogueF32 *e = &g->epilogue;
  if (rows == bf16_rows && g->columns == (size_t)nv * LANES && !e->row_bias && !e->residual &&
      (e->activation == activation_none || e->activation == activation_clip)) {
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
