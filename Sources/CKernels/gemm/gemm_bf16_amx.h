// bfloat16 products in matrix tiles: 32 rows × 32 columns of sums in four, two of A and two of B.
#include "../math/bfloat16.h"
#include "epilogue_bf16.h"

enum { amx_rows = 16, amx_depth = 32 };

typedef struct {
  uint8_t palette, start, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} AMXConfiguration;

typedef struct {
  _Alignas(64) uint16_t a[2][amx_rows * amx_depth];
  _Alignas(64) float sums[2 * amx_rows * 4 * LANES];
} AMXScratch;

// 16 rows of A: `count` of them lie apart by `stride` where that is not 0, otherwise at `rows`.
typedef struct {
  const uint16_t *rows[amx_rows];
  ptrdiff_t stride;
} AMXRows;

INLINE void amx_locate(const GemmBF16 *g, size_t row, size_t count, size_t tap, AMXRows *a) {
  const RowSource *s = &g->a;
  for (size_t r = 0; r < amx_rows; r++) {
    size_t at = row + (r < count ? r : count - 1);
    if (!s->offsets) {
      a->rows[r] = (const uint16_t *)s->base + (ptrdiff_t)at * s->stride;
      continue;
    }
    int32_t offset = s->offsets[(ptrdiff_t)at * s->offset_stride + (ptrdiff_t)tap];
    a->rows[r] = offset < 0 ? (const uint16_t *)s->padding : (const uint16_t *)s->base + offset;
  }
  a->stride = a->rows[1] - a->rows[0];
  for (size_t r = 2; r < amx_rows; r++)
    if (a->rows[r] - a->rows[r - 1] != a->stride) a->stride = 0;
}

// Columns k… of the rows, up to 32, the rest zeros; where they can be read in place, there.
INLINE const uint16_t *amx_chunk(const AMXRows *a, size_t k, size_t depth, uint16_t *copy, size_t *stride) {
  if (a->stride > 0 && k + amx_depth <= depth) {
    *stride = (size_t)a->stride * 2;
    return a->rows[0] + k;
  }
  size_t n = depth - k;
  __mmask32 mask = n >= amx_depth ? 0xffffffff : (1u << n) - 1;
#pragma clang loop unroll(full)
  for (int r = 0; r < amx_rows; r++)
    _mm512_store_si512(copy + r * amx_depth, _mm512_maskz_loadu_epi16(mask, a->rows[r] + k));
  *stride = amx_depth * 2;
  return copy;
}

// Sums of up to 32 rows and `columns` vectors, 1 or 2, beginning at vector `column`, into the scratch.
INLINE void amx_block(const GemmBF16 *g, size_t row, size_t rows, size_t column, int columns, int tall, AMXScratch *s) {
  size_t width = (g->columns + LANES - 1) / LANES * LANES, depth = g->a.depth;
  const uint16_t *b = g->b + column * LANES * 2;
  _tile_zero(0);
  if (columns > 1) _tile_zero(1);
  if (tall) _tile_zero(2);
  if (tall && columns > 1) _tile_zero(3);
  for (size_t t = 0; t < g->a.taps; t++) {
    AMXRows upper, lower;
    amx_locate(g, row, tall ? amx_rows : rows, t, &upper);
    if (tall) amx_locate(g, row + amx_rows, rows - amx_rows, t, &lower);
    for (size_t k = 0; k < depth; k += amx_depth, b += amx_depth * width) {
      size_t stride;
      const uint16_t *a = amx_chunk(&upper, k, depth, s->a[0], &stride);
      _tile_loadd(4, a, stride);
      _tile_loadd(6, b, width * 4);
      _tile_dpbf16ps(0, 4, 6);
      if (columns > 1) {
        _tile_loadd(7, b + LANES * 2, width * 4);
        _tile_dpbf16ps(1, 4, 7);
      }
      if (tall) {
        a = amx_chunk(&lower, k, depth, s->a[1], &stride);
        _tile_loadd(5, a, stride);
        _tile_dpbf16ps(2, 5, 6);
        if (columns > 1) _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  float *sums = s->sums + column * LANES;
  enum { stride = 4 * LANES };
  _tile_stored(0, sums, stride * 4);
  if (columns > 1) _tile_stored(1, sums + LANES, stride * 4);
  if (tall) _tile_stored(2, sums + amx_rows * stride, stride * 4);
  if (tall && columns > 1) _tile_stored(3, sums + amx_rows * stride + LANES, stride * 4);
}

static __attribute__((noinline)) void CAT(amx_finish, ISA)(const GemmBF16 *g, size_t row, size_t rows, const float *sums,
                                                           int nv) {
  for (size_t r = 0; r < rows; r++) {
    vf acc[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) acc[j] = vload(sums + r * 4 * LANES + j * LANES);
    switch (nv) {
      case 1: finish_registers_bf16(g, row + r, acc, 1, 1); break;
      case 2: finish_registers_bf16(g, row + r, acc, 1, 2); break;
      case 3: finish_registers_bf16(g, row + r, acc, 1, 3); break;
      default: finish_registers_bf16(g, row + r, acc, 1, 4); break;
    }
  }
}

KERNEL(gemm_bf16)(const GemmBF16 *g) {
  AMXConfiguration configuration = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    configuration.row_bytes[i] = 64;
    configuration.rows[i] = amx_rows;
  }
  _tile_loadconfig(&configuration);
  AMXScratch scratch;
  int nv = (int)((g->columns + LANES - 1) / LANES);
  int simple = vfinishes_simply_bf16(&g->epilogue);
  for (size_t row = 0; row < g->rows; row += 2 * amx_rows) {
    size_t rows = g->rows - row < 2 * amx_rows ? g->rows - row : 2 * amx_rows;
    for (int j = 0; j < nv; j += 2) {
      if (rows > amx_rows && nv - j > 1) amx_block(g, row, rows, (size_t)j, 2, 1, &scratch);
      else if (rows > amx_rows) amx_block(g, row, rows, (size_t)j, 1, 1, &scratch);
      else if (nv - j > 1) amx_block(g, row, rows, (size_t)j, 2, 0, &scratch);
      else amx_block(g, row, rows, (size_t)j, 1, 0, &scratch);
    }
    if (simple) CAT(amx_finish, ISA)(g, row, rows, scratch.sums, nv);
    else CAT(finish_bf16, ISA)(g, row, rows, scratch.sums, 4 * LANES);
  }
  _tile_release();
}
