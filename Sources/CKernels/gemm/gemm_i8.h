#include "dot.h"

enum { i8_rows = HAS_VNNI || HAS_DOTPROD ? 6 : 4 };

INLINE vi load_left(const uint8_t *p, size_t count) {
  int32_t v = 0;
  if (count >= 4) memcpy(&v, p, 4);
  else for (size_t i = 0; i < count; i++) v |= (int32_t)((uint32_t)p[i] << 8 * i);
  return (vi)v;
}

INLINE const int8_t *tile_sums_i8(vi acc[], const uint8_t *const a[], const int8_t *b, size_t depth, vi flip, int rows,
                                  int nv, int split) {
  size_t p = 0;
  for (; p + 4 * (size_t)split <= depth; p += 4 * (size_t)split) {
#pragma clang loop unroll(full)
    for (int s = 0; s < split; s++, b += nv * LANES * 4) {
      Right bv[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) bv[j] = right(vloadi((const int32_t *)(const void *)(b + j * LANES * 4)));
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        Left av = left(load_left(a[r] + p + 4 * (size_t)s, 4) ^ flip);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) acc[(s * rows + r) * nv + j] = dot4(acc[(s * rows + r) * nv + j], av, bv[j]);
      }
    }
  }
  for (; p < depth; p += 4, b += nv * LANES * 4) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      Left av = left(load_left(a[r] + p, depth - p) ^ flip);
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++)
        acc[r * nv + j] = dot4(acc[r * nv + j], av, right(vloadi((const int32_t *)(const void *)(b + j * LANES * 4))));
    }
  }
  return b;
}

// Σ over k of row `row` of A, as u8.
static int32_t CAT(row_sum_i8, ISA)(const GemmI8 *g, size_t row) {
  const RowSource *s = &g->a;
  uint8_t flip = g->a_signed ? 0x80 : 0;
  uint32_t sum = 0;
  for (size_t t = 0; t < s->taps; t++) {
    const uint8_t *a = (const uint8_t *)s->base + (ptrdiff_t)row * s->stride;
    if (s->offsets) {
      int32_t offset = s->offsets[(ptrdiff_t)row * s->offset_stride + (ptrdiff_t)t];
      a = offset < 0 ? s->padding : (const uint8_t *)s->base + offset;
    }
    for (size_t k = 0; k < s->depth; k++) sum += (uint8_t)(a[k] ^ flip);
  }
  return (int32_t)sum;
}

// Corrects rows of a tile of bare sums for zero points, finishes and stores them.
static __attribute__((noinline)) void CAT(finish_i8, ISA)(const GemmI8 *g, size_t row, size_t rows, const int32_t *tile,
                                                          size_t tile_stride) {
  const EpilogueI8 *e = &g->epilogue;
  int32_t zeros[8], excess[8];
  for (size_t r = 0; r < rows; r++) {
    zeros[r] = (g->a_zeros ? g->a_zeros[row + r] : g->a_zero) + (g->a_signed ? 128 : 0);
    if (g->b_zeros)
      excess[r] = (int32_t)((uint32_t)CAT(row_sum_i8, ISA)(g, row + r) - (uint32_t)(g->a.taps * g->a.depth) * (uint32_t)zeros[r]);
  }
  for (size_t j = 0; j < g->columns; j += LANES) {
    size_t n = g->columns - j;
    vf scale = vscale_of(e, j, n), bias = vbias_of(e, j, n);
    vi sums = vloadi_some(g->b_sums + j, n);
    vi bias_i32 = e->bias_i32 ? vloadi_some(e->bias_i32 + j, n) : (vi)0;
    vi b_zeros = g->b_zeros ? vloadi_some(g->b_zeros + j, n) : (vi)0;
    for (size_t r = 0; r < rows; r++) {
      vi sum = vadd(vloadi(tile + r * tile_stride + j), vmul(sums, vseti(DOT_OFFSET - zeros[r])));
      if (g->b_zeros) sum = vadd(sum, vmul(b_zeros, vseti((int32_t)(0u - (uint32_t)excess[r]))));
      vfinish_i8(e, g->result, vadd(sum, bias_i32), row + r, j, n, scale, bias, g->c, g->c_stride);
    }
  }
}

INLINE void tile_i8(const GemmI8 *g, size_t row, int rows, int nv, int split) {
  vi acc[32];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv * split; i++) acc[i] = (vi)0;
  vi flip = vseti(g->a_signed ? (int32_t)0x80808080 : 0);
  const RowSource *s = &g->a;
  const uint8_t *base = s->base, *a[8];
  const int8_t *b = g->b;
  if (!s->offsets) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = base + (ptrdiff_t)(row + (size_t)r) * s->stride;
    tile_sums_i8(acc, a, b, s->depth, flip, rows, nv, split);
  } else {
    const int32_t *offsets = s->offsets + (ptrdiff_t)row * s->offset_stride;
    for (size_t t = 0; t < s->taps; t++) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t offset = offsets[r * s->offset_stride + (ptrdiff_t)t];
        a[r] = offset < 0 ? (const uint8_t *)s->padding : base + offset;
      }
      b = tile_sums_i8(acc, a, b, s->depth, flip, rows, nv, split);
    }
  }
#pragma clang loop unroll(full)
  for (int i = rows * nv; i < rows * nv * split; i++) acc[i % (rows * nv)] = vadd(acc[i % (rows * nv)], acc[i]);
  int32_t tile[8 * 4 * LANES];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) vstorei(tile + (r * nv + j) * LANES, acc[r * nv + j]);
  CAT(finish_i8, ISA)(g, row, (size_t)rows, tile, (size_t)nv * LANES);
}

#define SPLIT_I8(nv, rows)                                       \
  ((rows) * (nv) * 4 <= i8_rows * PANEL_VECTORS   ? 4            \
   : (rows) * (nv) * 2 <= i8_rows * PANEL_VECTORS ? 2            \
                                                  : 1)
#define TILE(nv, rows)                                                                                   \
  static __attribute__((noinline)) void CAT(tile_i8_##nv##x##rows, ISA)(const GemmI8 *g, size_t row) {   \
    tile_i8(g, row, rows, nv, SPLIT_I8(nv, rows));                                                       \
  }
#if HAS_VNNI || HAS_DOTPROD
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4) TILE(nv, 5) TILE(nv, 6)
#else
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4)
#endif
TILES(1)
TILES(2)
#if PANEL_VECTORS == 4
TILES(3)
TILES(4)
#endif
#undef TILES
#undef TILE

KERNEL(gemm_i8)(const GemmI8 *g) {
  typedef void (*Tile)(const GemmI8 *, size_t);
#define NAME(nv, rows) CAT(tile_i8_##nv##x##rows, ISA)
#if HAS_VNNI || HAS_DOTPROD
#define NAMES(nv) {NAME(nv, 1), NAME(nv, 2), NAME(nv, 3), NAME(nv, 4), NAME(nv, 5), NAME(nv, 6)}
#else
#define NAMES(nv) {NAME(nv, 1), NAME(nv, 2), NAME(nv, 3), NAME(nv, 4)}
#endif
  static const Tile tiles[][i8_rows] = {
      NAMES(1),
      NAMES(2),
#if PANEL_VECTORS == 4
      NAMES(3),
      NAMES(4),
#endif
  };
#undef NAMES
#undef NAME
  const Tile *column = tiles[(g->columns + LANES - 1) / LANES - 1];
  size_t row = 0;
  for (; row + i8_rows <= g->rows; row += i8_rows) column[i8_rows - 1](g, row);
  if (row < g->rows) column[g->rows - row - 1](g, row);
}
