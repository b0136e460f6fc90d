#include "ahead.h"
#include "byte_tile.h"
#include "dot.h"

enum { i8_rows = HAS_VNNI || HAS_DOTPROD ? 6 : 4 };

// Four bytes of A in every lane, as u8.
INLINE Left load_left(const void *p, int is_signed) {
  int32_t v;
  memcpy(&v, p, 4);
  vi a = (vi)v;
  if (!is_signed) return left(a);
#if HAS_AVX512
  __asm__("" : "+v"(a));  // or the compiler flips a scalar and pays for moving it
#endif
  return left(a ^ (int32_t)0x80808080);
}

// The last 1 to 3 bytes of each row, padded to 4.
static __attribute__((noinline)) void CAT(last_bytes, ISA)(const uint8_t *const a[], size_t from, size_t count, int rows,
                                                           int32_t *words) {
  for (int r = 0; r < rows; r++) {
    uint32_t v = 0;
    for (size_t i = 0; i < count; i++) v |= (uint32_t)a[r][from + i] << 8 * i;
    words[r] = (int32_t)v;
  }
}

enum { ahead_bytes = 32 };

INLINE const int8_t *tile_sums_i8(vi acc[], const uint8_t *const a[], const int8_t *b, size_t depth, Ahead *ahead,
                                  int is_signed, int rows, int nv, int split) {
  Ahead own = *ahead;
  size_t p = 0;
  for (; p + 4 * (size_t)split <= depth; p += 4 * (size_t)split) {
    if (own.lines && p % ahead_bytes == 0) fetch_ahead(&own);
#pragma clang loop unroll(full)
    for (int s = 0; s < split; s++, b += nv * LANES * 4) {
      Right bv[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) bv[j] = right(vloadi((const int32_t *)(const void *)(b + j * LANES * 4)));
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        Left av = load_left(a[r] + p + 4 * (size_t)s, is_signed);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) acc[(s * rows + r) * nv + j] = dot4(acc[(s * rows + r) * nv + j], av, bv[j]);
      }
    }
  }
  for (; p < depth; p += 4, b += nv * LANES * 4) {
    int32_t words[8];
    if (depth - p < 4) {
      CAT(last_bytes, ISA)(a, p, depth - p, rows, words);
    } else {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) memcpy(&words[r], a[r] + p, 4);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      Left av = load_left(&words[r], is_signed);
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++)
        acc[r * nv + j] = dot4(acc[r * nv + j], av, right(vloadi((const int32_t *)(const void *)(b + j * LANES * 4))));
    }
  }
  *ahead = own;
  return b;
}

#if HAS_VNNI
// Signed rows as u8, a piece at a time, so that the steps of a tile need not flip what they repeat.
enum { flipped_bytes = 512 };

static __attribute__((noinline)) void CAT(flip_rows, ISA)(const uint8_t *const a[], size_t from, size_t count, int rows,
                                                          uint8_t *out) {
  __m512i flip = _mm512_set1_epi8((char)0x80);
  for (int r = 0; r < rows; r++, out += flipped_bytes) {
    const uint8_t *row = a[r] + from;
    size_t i = 0;
    for (; i + 64 <= count; i += 64) _mm512_store_si512(out + i, _mm512_xor_si512(_mm512_loadu_si512(row + i), flip));
    __mmask64 mask = (1ull << (count - i)) - 1;
    if (mask) _mm512_store_si512(out + i, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, row + i), flip));
  }
}

INLINE const int8_t *tile_sums_flipped(vi acc[], const uint8_t *const a[], const int8_t *b, size_t depth,
                                       Ahead *ahead, int rows, int nv, int split) {
  _Alignas(64) uint8_t flipped[i8_rows * flipped_bytes];
  const uint8_t *piece[i8_rows];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) piece[r] = flipped + r * flipped_bytes;
  for (size_t from = 0; from < depth; from += flipped_bytes) {
    size_t count = depth - from < flipped_bytes ? depth - from : flipped_bytes;
    CAT(flip_rows, ISA)(a, from, count, rows, flipped);
    b = tile_sums_i8(acc, piece, b, count, ahead, 0, rows, nv, split);
  }
  return b;
}
#else
INLINE const int8_t *tile_sums_flipped(vi acc[], const uint8_t *const a[], const int8_t *b, size_t depth,
                                       Ahead *ahead, int rows, int nv, int split) {
  return tile_sums_i8(acc, a, b, depth, ahead, 1, rows, nv, split);
}
#endif

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

// Corrects a tile of bare sums for zero points, finishes and stores it.
INLINE void finish_i8(const GemmI8 *g, size_t row, size_t rows, const int32_t *tile, size_t tile_stride, int result,
                      int kind) {
  const EpilogueI8 *e = &g->epilogue;
  int32_t zeros[8], excess[8] = {0};
  for (size_t r = 0; r < rows; r++) {
    zeros[r] = (g->a_zeros ? g->a_zeros[row + r] : g->a_zero) + (g->a_signed ? 128 : 0);
    if (g->b_zeros)
      excess[r] = (int32_t)((uint32_t)CAT(row_sum_i8, ISA)(g, row + r) -
                            (uint32_t)(g->a.taps * g->a.depth) * (uint32_t)zeros[r]);
  }
  Quantizer q = quantizer(e, result, kind);
  Addend a = addend(e);
  for (size_t j = 0; j < g->columns; j += LANES) {
    size_t n = g->columns - j;
    vf scale = vscale_of(e, j, n), bias = vbias_of(e, j, n);
    vi sums = vloadi_some(g->b_sums + j, n);
    vi bias_i32 = e->bias_i32 ? vloadi_some(e->bias_i32 + j, n) : (vi)0;
    if (kind != finish_general) {
      bias_i32 = vadd(bias_i32, vmul(sums, vseti(DOT_OFFSET - zeros[0])));
      for (size_t r = 0; r < rows; r++)
        vfinish_i8(e, &q, &a, result, kind, vadd(vloadi(tile + r * tile_stride + j), bias_i32), row + r, j, n, scale,
                   bias, g->c, g->c_stride);
      continue;
    }
    vi b_zeros = g->b_zeros ? vloadi_some(g->b_zeros + j, n) : (vi)0;
    for (size_t r = 0; r < rows; r++) {
      vi sum = vadd(vloadi(tile + r * tile_stride + j), vmul(sums, vseti(DOT_OFFSET - zeros[r])));
      sum = vadd(sum, vmul(b_zeros, vseti((int32_t)(0u - (uint32_t)excess[r]))));
      vfinish_i8(e, &q, &a, result, finish_general, vadd(sum, bias_i32), row + r, j, n, scale, bias, g->c,
                 g->c_stride);
    }
  }
}

#define FINISH(name, result, kind)                                                                               \
  static __attribute__((noinline)) void CAT(finish_##name, ISA)(const GemmI8 *g, size_t row, size_t rows,        \
                                                                const int32_t *tile, size_t tile_stride) {       \
    finish_i8(g, row, rows, tile, tile_stride, result, kind);                                                    \
  }
FINISH(i32_simple, gemm_result_i32, finish_simple)
FINISH(f32_simple, gemm_result_f32, finish_simple)
FINISH(u8_simple, gemm_result_u8, finish_simple)
FINISH(s8_simple, gemm_result_s8, finish_simple)
FINISH(u8_residual, gemm_result_u8, finish_residual)
FINISH(s8_residual, gemm_result_s8, finish_residual)
FINISH(i32_general, gemm_result_i32, finish_general)
FINISH(f32_general, gemm_result_f32, finish_general)
FINISH(u8_general, gemm_result_u8, finish_general)
FINISH(s8_general, gemm_result_s8, finish_general)
#undef FINISH

typedef void (*FinishI8)(const GemmI8 *, size_t, size_t, const int32_t *, size_t);

INLINE int finish_kind_of(const GemmI8 *g) {
  return g->a_zeros || g->b_zeros ? finish_general : finish_kind(&g->epilogue, g->result);
}

INLINE FinishI8 finish_of(const GemmI8 *g) {
  static const FinishI8 finishes[3][4] = {
      [finish_general] = {CAT(finish_i32_general, ISA), CAT(finish_f32_general, ISA), CAT(finish_u8_general, ISA),
                          CAT(finish_s8_general, ISA)},
      [finish_simple] = {CAT(finish_i32_simple, ISA), CAT(finish_f32_simple, ISA), CAT(finish_u8_simple, ISA),
                         CAT(finish_s8_simple, ISA)},
      [finish_residual] = {NULL, NULL, CAT(finish_u8_residual, ISA), CAT(finish_s8_residual, ISA)},
  };
  return finishes[finish_kind_of(g)][g->result];
}

// As the simple finish, from registers.
INLINE void finish_registers_i8(const GemmI8 *g, size_t row, const vi acc[], int rows, int nv, int result) {
  const EpilogueI8 *e = &g->epilogue;
  Quantizer q = quantizer(e, result, finish_simple);
  Addend none = {.has_inner = 0};
  vi zero = vseti(DOT_OFFSET - g->a_zero - (g->a_signed ? 128 : 0));
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    size_t at = (size_t)j * LANES, n = j < nv - 1 ? LANES : g->columns - at;
    vf scale = vscale_of(e, at, n), bias = vbias_of(e, at, n);
    vi correction = vmul(vloadi_some(g->b_sums + at, n), zero);
    if (e->bias_i32) correction = vadd(correction, vloadi_some(e->bias_i32 + at, n));
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
      vfinish_i8(e, &q, &none, result, finish_simple, vadd(acc[r * nv + j], correction), row + (size_t)r, at, n, scale,
                 bias, g->c, g->c_stride);
  }
}

// What all tiles of a product have in common.
typedef struct {
  const GemmI8 *g;
  _Alignas(64) int32_t start[PANEL_VECTORS * LANES];  // what sums begin with, per column
#if HAS_AVX512
  ByteRows bytes;
  int is_bytes;  // whether `bytes` finish them
#endif
} TilesI8;

INLINE TilesI8 tiles_i8(const GemmI8 *g) {
  TilesI8 t = {.g = g};
#if HAS_AVX512
  int kind = finish_kind_of(g);
  t.is_bytes = kind != finish_general && (g->result == gemm_result_u8 || g->result == gemm_result_s8);
  if (!t.is_bytes) return t;
  t.bytes = byte_rows(&g->epilogue, g->result, kind, g->columns);
  vi zero = vseti(DOT_OFFSET - g->a_zero - (g->a_signed ? 128 : 0));
  for (size_t j = 0; j < g->columns; j += LANES) {
    size_t n = g->columns - j;
    vi correction = vmul(vloadi_some(g->b_sums + j, n), zero);
    if (g->epilogue.bias_i32) correction = vadd(correction, vloadi_some(g->epilogue.bias_i32 + j, n));
    vstorei(t.start + j, correction);
  }
#endif
  return t;
}

INLINE void tile_i8(const TilesI8 *tiles, size_t row, Ahead ahead, int is_signed, int rows, int nv, int split) {
  const GemmI8 *g = tiles->g;
  vi acc[32];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv; i++) acc[i] = vloadi(tiles->start + i % nv * LANES);
#pragma clang loop unroll(full)
  for (int i = rows * nv; i < rows * nv * split; i++) acc[i] = (vi)0;
  const RowSource *s = &g->a;
  const uint8_t *base = s->base, *a[8];
  const int8_t *b = g->b;
  if (!s->offsets) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = base + (ptrdiff_t)(row + (size_t)r) * s->stride;
    if (is_signed) tile_sums_flipped(acc, a, b, s->depth, &ahead, rows, nv, split);
    else tile_sums_i8(acc, a, b, s->depth, &ahead, 0, rows, nv, split);
  } else {
    const int32_t *offsets = s->offsets + (ptrdiff_t)row * s->offset_stride;
    for (size_t t = 0; t < s->taps; t++) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t offset = offsets[r * s->offset_stride + (ptrdiff_t)t];
        a[r] = offset < 0 ? (const uint8_t *)s->padding : base + offset;
      }
      if (is_signed) b = tile_sums_flipped(acc, a, b, s->depth, &ahead, rows, nv, split);
      else b = tile_sums_i8(acc, a, b, s->depth, &ahead, 0, rows, nv, split);
    }
  }
#pragma clang loop unroll(full)
  for (int i = rows * nv; i < rows * nv * split; i++) acc[i % (rows * nv)] = vadd(acc[i % (rows * nv)], acc[i]);
#if HAS_AVX512
  if (rows == i8_rows && tiles->is_bytes) {
    switch (tiles->bytes.form) {
      case bytes_plain: finish_byte_registers(g, &tiles->bytes, row, acc, rows, nv, bytes_plain); return;
      case bytes_residual: finish_byte_registers(g, &tiles->bytes, row, acc, rows, nv, bytes_residual); return;
      default: finish_byte_registers(g, &tiles->bytes, row, acc, rows, nv, bytes_any); return;
    }
  }
#endif
  if (rows == i8_rows && g->columns == (size_t)nv * LANES && finish_kind_of(g) == finish_simple) {
    switch (g->result) {
      case gemm_result_u8: finish_registers_i8(g, row, acc, rows, nv, gemm_result_u8); return;
      case gemm_result_s8: finish_registers_i8(g, row, acc, rows, nv, gemm_result_s8); return;
      default: break;
    }
  }
  int32_t tile[8 * 4 * LANES];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) vstorei(tile + (r * nv + j) * LANES, acc[r * nv + j]);
#if HAS_AVX512
  if (tiles->is_bytes) {
    byte_tile_of(g->columns)(g, &tiles->bytes, row, (size_t)rows, tile, (size_t)nv * LANES);
    return;
  }
#endif
  finish_of(g)(g, row, (size_t)rows, tile, (size_t)nv * LANES);
}

#define SPLIT_I8(nv, rows)                                       \
  ((rows) * (nv) * 4 <= i8_rows * PANEL_VECTORS   ? 4            \
   : (rows) * (nv) * 2 <= i8_rows * PANEL_VECTORS ? 2            \
                                                  : 1)
#define TILE(nv, rows)                                                                                \
  static __attribute__((noinline)) void CAT(tile_u8_##nv##x##rows, ISA)(const TilesI8 *t, size_t row, \
                                                                        Ahead ahead) {                \
    tile_i8(t, row, ahead, 0, rows, nv, SPLIT_I8(nv, rows));                                          \
  }                                                                                                   \
  static __attribute__((noinline)) void CAT(tile_s8_##nv##x##rows, ISA)(const TilesI8 *t, size_t row, \
                                                                        Ahead ahead) {                \
    tile_i8(t, row, ahead, 1, rows, nv, SPLIT_I8(nv, rows));                                          \
  }
#define NAME(type, nv, rows) CAT(tile_##type##_##nv##x##rows, ISA)
#if HAS_VNNI || HAS_DOTPROD
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4) TILE(nv, 5) TILE(nv, 6)
#define NAMES(type, nv) \
  {NAME(type, nv, 1), NAME(type, nv, 2), NAME(type, nv, 3), NAME(type, nv, 4), NAME(type, nv, 5), NAME(type, nv, 6)}
#else
#define TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4)
#define NAMES(type, nv) {NAME(type, nv, 1), NAME(type, nv, 2), NAME(type, nv, 3), NAME(type, nv, 4)}
#endif
TILES(1)
TILES(2)
#if PANEL_VECTORS == 4
TILES(3)
TILES(4)
#define PANEL_NAMES(type) {NAMES(type, 1), NAMES(type, 2), NAMES(type, 3), NAMES(type, 4)}
#else
#define PANEL_NAMES(type) {NAMES(type, 1), NAMES(type, 2)}
#endif

KERNEL(gemm_i8)(const GemmI8 *g) {
  typedef void (*Tile)(const TilesI8 *, size_t, Ahead);
  static const Tile functions[2][PANEL_VECTORS][i8_rows] = {PANEL_NAMES(u8), PANEL_NAMES(s8)};
  enum { most_lines = 4 };
  const Tile *column = functions[g->a_signed != 0][(g->columns + LANES - 1) / LANES - 1];
  TilesI8 tiles = tiles_i8(g);
  // Runs of steps in a tile, each of which fetches some lines.
  size_t runs = g->a.taps * ((g->a.depth + ahead_bytes - 1) / ahead_bytes), left = (g->rows + i8_rows - 1) / i8_rows;
  AheadRest fetched = ahead_of(g->next, g->next_bytes);
  for (size_t row = 0, rows; row < g->rows; row += rows, left--) {
    size_t rest = g->rows - row;
    // A tile of few rows would wait for B.
    rows = rest <= i8_rows ? rest : rest <= i8_rows + 2 ? (rest + 1) / 2 : i8_rows;
    column[rows - 1](&tiles, row, ahead_part(&fetched, runs, left, most_lines));
  }
}
#undef PANEL_NAMES
#undef NAMES
#undef NAME
#undef TILES
#undef TILE
#undef SPLIT_I8
