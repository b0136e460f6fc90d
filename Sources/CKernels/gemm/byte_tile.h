#pragma once
#include "finish_bytes.h"

// Tiles of products that become bytes, `row` being their first row in C.
#if HAS_AVX512
INLINE const uint8_t *residual_row(const GemmI8 *g, size_t row) {
  return (const uint8_t *)g->epilogue.residual + (ptrdiff_t)row * g->epilogue.residual_stride;
}

// From registers, `rows` × `nv` vectors of sums.
INLINE void finish_byte_registers(const GemmI8 *g, const ByteRows *given, size_t row, const vi sums[], int rows, int nv,
                                  int form) {
  ByteRows k = *given;
  // Read before anything is written, for the result may take the residual's place: a masked load waits for stores near it.
  __m512i residual[8] = {_mm512_setzero_si512()};
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
    if (form != bytes_plain && k.has_residual)
      residual[r] = _mm512_maskz_loadu_epi8(k.mask, residual_row(g, row + (size_t)r));
    else residual[r] = _mm512_setzero_si512();
  uint8_t *c = (uint8_t *)g->c + (ptrdiff_t)row * g->c_stride;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
    finish_byte_row(&k, sums + r * nv, residual[r], c + r * g->c_stride, nv, form);
}

// Most rows that are finished at once from memory.
enum { byte_tile_rows = 32 };

// From memory, rows of sums `stride` from one to the next.
INLINE void finish_byte_tile(const GemmI8 *g, const ByteRows *given, size_t row, size_t rows, const int32_t *sums,
                             size_t stride, int nv, int form) {
  ByteRows k = *given;
  _Alignas(64) uint8_t residual[byte_tile_rows * 64];
  for (size_t r = 0; k.has_residual && r < rows; r++)
    _mm512_store_si512(residual + 64 * r, _mm512_maskz_loadu_epi8(k.mask, residual_row(g, row + r)));
  uint8_t *c = (uint8_t *)g->c + (ptrdiff_t)row * g->c_stride;
  ptrdiff_t c_stride = g->c_stride;
  for (size_t r = 0; r < rows; r++, c += c_stride) {
    vi v[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) v[j] = vloadi(sums + r * stride + (size_t)j * LANES);
    finish_byte_row(&k, v, _mm512_load_si512(residual + 64 * r), c, nv, form);
  }
}

#define BYTE_TILE(nv)                                                                                               \
  static __attribute__((noinline)) void CAT(byte_tile_##nv, ISA)(                                                   \
      const GemmI8 *g, const ByteRows *k, size_t row, size_t rows, const int32_t *sums, size_t stride) {            \
    switch (k->form) {                                                                                              \
      case bytes_plain: finish_byte_tile(g, k, row, rows, sums, stride, nv, bytes_plain); break;                    \
      case bytes_residual: finish_byte_tile(g, k, row, rows, sums, stride, nv, bytes_residual); break;              \
      default: finish_byte_tile(g, k, row, rows, sums, stride, nv, bytes_any); break;                               \
    }                                                                                                               \
  }
BYTE_TILE(1)
BYTE_TILE(2)
BYTE_TILE(3)
BYTE_TILE(4)
#undef BYTE_TILE

typedef void (*ByteTile)(const GemmI8 *, const ByteRows *, size_t, size_t, const int32_t *, size_t);

INLINE ByteTile byte_tile_of(size_t columns) {
  static const ByteTile tiles[] = {CAT(byte_tile_1, ISA), CAT(byte_tile_2, ISA), CAT(byte_tile_3, ISA),
                                   CAT(byte_tile_4, ISA)};
  return tiles[(columns + LANES - 1) / LANES - 1];
}
#endif
