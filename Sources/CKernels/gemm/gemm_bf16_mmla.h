// bfloat16 products by `bfmmla`: tiles of six rows.
#include "../math/bfloat16.h"
#include "epilogue_bf16.h"

typedef vf Sum;
INLINE Sum mmla(Sum sum, vi a, vi b) {
  return (Sum)vbfmmlaq_f32((float32x4_t)sum, __builtin_bit_cast(bfloat16x8_t, a), __builtin_bit_cast(bfloat16x8_t, b));
}
#include "mmla.h"

INLINE void mmla_tile_bf16(const GemmBF16 *g, size_t row, int rows, int nv, int split) {
  vf sums[24];
  mmla_sums(sums, &g->a, row, g->b, 2, 0, rows, nv, split);
  if (vfinishes_simply_bf16(&g->epilogue)) {
    finish_registers_bf16(g, row, sums, rows, nv);
    return;
  }
  float tile[24 * LANES];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv; i++) vstore(tile + i * LANES, sums[i]);
  CAT(finish_bf16, ISA)(g, row, (size_t)rows, tile, (size_t)nv * LANES);
}

#define NAME(nv, rows) CAT(mmla_tile_bf16_##nv##x##rows, ISA)
#define TILE(nv, rows)                                                                    \
  static __attribute__((noinline)) void NAME(nv, rows)(const GemmBF16 *g, size_t row) {   \
    mmla_tile_bf16(g, row, rows, nv, MMLA_SPLIT(nv, rows));                               \
  }
MMLA_TILES(1)
MMLA_TILES(2)
MMLA_TILES(3)
MMLA_TILES(4)
#undef TILE

KERNEL(gemm_bf16)(const GemmBF16 *g) {
  typedef void (*Tile)(const GemmBF16 *, size_t);
  static const Tile tiles[][6] = {MMLA_NAMES(1), MMLA_NAMES(2), MMLA_NAMES(3), MMLA_NAMES(4)};
  const Tile *column = tiles[(g->columns + LANES - 1) / LANES - 1];
  for (size_t row = 0; row < g->rows; row += 6) column[g->rows - row < 6 ? g->rows - row - 1 : 5](g, row);
}
#undef NAME
