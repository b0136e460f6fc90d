// Integer products by `usmmla`: tiles of six rows.
typedef vi Sum;
INLINE Sum mmla(Sum sum, vi a, vi b) {
  return (Sum)vusmmlaq_s32((int32x4_t)sum, (uint8x16_t)a, (int8x16_t)b);
}
#include "mmla.h"

INLINE void mmla_tile_i8(const GemmI8 *g, size_t row, int is_signed, int rows, int nv, int split) {
  vi sums[24];
  mmla_sums(sums, &g->a, row, g->b, 1, is_signed ? (int32_t)0x80808080 : 0, rows, nv, split);
  if (rows == 6 && g->columns == (size_t)nv * LANES && finish_kind_of(g) == finish_simple) {
    switch (g->result) {
      case gemm_result_u8: finish_registers_i8(g, row, sums, rows, nv, gemm_result_u8); return;
      case gemm_result_s8: finish_registers_i8(g, row, sums, rows, nv, gemm_result_s8); return;
      default: break;
    }
  }
  int32_t tile[24 * LANES];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv; i++) vstorei(tile + i * LANES, sums[i]);
  finish_of(g)(g, row, (size_t)rows, tile, (size_t)nv * LANES);
}

#define NAME(nv, rows) CAT(mmla_tile_u8_##nv##x##rows, ISA)
#define TILE(nv, rows)                                                                                          \
  static __attribute__((noinline)) void CAT(mmla_tile_u8_##nv##x##rows, ISA)(const GemmI8 *g, size_t row) {     \
    mmla_tile_i8(g, row, 0, rows, nv, MMLA_SPLIT(nv, rows));                                                    \
  }                                                                                                             \
  static __attribute__((noinline)) void CAT(mmla_tile_s8_##nv##x##rows, ISA)(const GemmI8 *g, size_t row) {     \
    mmla_tile_i8(g, row, 1, rows, nv, MMLA_SPLIT(nv, rows));                                                    \
  }
MMLA_TILES(1)
MMLA_TILES(2)
MMLA_TILES(3)
MMLA_TILES(4)
#undef TILE

KERNEL(gemm_mmla)(const GemmI8 *g) {
  // A single row would use half of each product.
  if (g->rows == 1) {
    CAT(gemm_i8, ISA)(g);
    return;
  }
  typedef void (*Tile)(const GemmI8 *, size_t);
  static const Tile unsigned_tiles[][6] = {MMLA_NAMES(1), MMLA_NAMES(2), MMLA_NAMES(3), MMLA_NAMES(4)};
#undef NAME
#define NAME(nv, rows) CAT(mmla_tile_s8_##nv##x##rows, ISA)
  static const Tile signed_tiles[][6] = {MMLA_NAMES(1), MMLA_NAMES(2), MMLA_NAMES(3), MMLA_NAMES(4)};
#undef NAME
  const Tile *column = (g->a_signed ? signed_tiles : unsigned_tiles)[(g->columns + LANES - 1) / LANES - 1];
  for (size_t row = 0; row < g->rows; row += 6) column[g->rows - row < 6 ? g->rows - row - 1 : 5](g, row);
}
