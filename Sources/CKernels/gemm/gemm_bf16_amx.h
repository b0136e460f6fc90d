// bfloat16 products in matrix tiles: 32 rows × 32 columns of sums in four, two of A and two of B.
#include "../math/bfloat16.h"
#include "ahead.h"
#include "epilogue_bf16.h"

enum { amx_rows = 16, amx_depth = 32 };

typedef struct {
  uint8_t palette, start, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} AMXConfiguration;

// As many pieces of A are looked up, and copied where they must be, once for all columns; of more, one at a time.
enum { amx_pieces = 32 };

typedef struct {
  const uint16_t *base;
  size_t stride;  // bytes between rows
} AMXPiece;

typedef struct {
  _Alignas(64) uint16_t copies[amx_pieces][2][amx_rows * amx_depth];
  _Alignas(64) float sums[2 * amx_rows * 4 * LANES];
  AMXPiece pieces[amx_pieces][2];
} AMXScratch;

// 16 rows of A, the last ones repeated where there are fewer; `stride` lies between them, 0 if they are not equally far apart.
typedef struct {
  const uint16_t *rows[amx_rows];
  ptrdiff_t stride;
} AMXRows;

INLINE void amx_locate(const GemmBF16 *g, size_t row, size_t count, size_t tap, AMXRows *a) {
  const RowSource *s = &g->a;
  const uint16_t *base = s->base;
  if (!s->offsets) {
    for (size_t r = 0; r < amx_rows; r++)
      a->rows[r] = base + (ptrdiff_t)(row + (r < count ? r : count - 1)) * s->stride;
    a->stride = count == amx_rows ? s->stride : 0;
    return;
  }
  const int32_t *offsets = s->offsets + (ptrdiff_t)row * s->offset_stride + (ptrdiff_t)tap;
  for (size_t r = 0; r < amx_rows; r++) {
    int32_t offset = offsets[(ptrdiff_t)(r < count ? r : count - 1) * s->offset_stride];
    a->rows[r] = offset < 0 ? (const uint16_t *)s->padding : base + offset;
  }
  a->stride = a->rows[1] - a->rows[0];
  for (size_t r = 2; r < amx_rows; r++)
    if (a->rows[r] - a->rows[r - 1] != a->stride) a->stride = 0;
}

// Elements k… of the rows, up to 32, the rest zeros; where they can be read in place, there.
INLINE void amx_piece(const AMXRows *a, size_t k, size_t depth, uint16_t *copy, AMXPiece *piece) {
  if (a->stride > 0 && k + amx_depth <= depth) {
    *piece = (AMXPiece){a->rows[0] + k, (size_t)a->stride * 2};
    return;
  }
  size_t n = depth - k;
  __mmask32 mask = n >= amx_depth ? 0xffffffff : (1u << n) - 1;
#pragma clang loop unroll(full)
  for (int r = 0; r < amx_rows; r++)
    _mm512_store_si512(copy + r * amx_depth, _mm512_maskz_loadu_epi16(mask, a->rows[r] + k));
  *piece = (AMXPiece){copy, amx_depth * 2};
}

// All pieces of up to 32 rows.
static __attribute__((noinline)) void CAT(amx_gather, ISA)(const GemmBF16 *g, size_t row, size_t rows, AMXScratch *s) {
  size_t depth = g->a.depth, p = 0;
  AMXRows upper, lower;
  for (size_t t = 0; t < g->a.taps; t++) {
    amx_locate(g, row, rows < amx_rows ? rows : amx_rows, t, &upper);
    if (rows > amx_rows) amx_locate(g, row + amx_rows, rows - amx_rows, t, &lower);
    for (size_t k = 0; k < depth; k += amx_depth, p++) {
      amx_piece(&upper, k, depth, s->copies[p][0], &s->pieces[p][0]);
      if (rows > amx_rows) amx_piece(&lower, k, depth, s->copies[p][1], &s->pieces[p][1]);
    }
  }
}

// Adds one piece times rows of B to sums in tiles: 16 or, where `tall`, 32 rows × 1 or 2 vectors of columns.
INLINE void amx_multiply(const AMXPiece piece[], const uint16_t *b, size_t width, int columns, int tall) {
  _tile_loadd(4, piece[0].base, piece[0].stride);
  _tile_loadd(6, b, width * 4);
  _tile_dpbf16ps(0, 4, 6);
  if (columns > 1) {
    _tile_loadd(7, b + LANES * 2, width * 4);
    _tile_dpbf16ps(1, 4, 7);
  }
  if (tall) {
    _tile_loadd(5, piece[1].base, piece[1].stride);
    _tile_dpbf16ps(2, 5, 6);
    if (columns > 1) _tile_dpbf16ps(3, 5, 7);
  }
}

// Whether `rows` rows of A are whole tiles that can be read where they are.
INLINE int amx_lies_whole(const RowSource *s, size_t rows) {
  return !s->offsets && s->stride > 0 && s->depth % amx_depth == 0 && rows % amx_rows == 0;
}

// Sums of up to 32 rows and `columns` vectors, 1 or 2, beginning at vector `column`, into the scratch; `pieces` in all.
// Rows of A are read where they are, or from the pieces in the scratch, or piece by piece.
INLINE void amx_block(const GemmBF16 *g, size_t row, size_t rows, size_t column, size_t pieces, Ahead ahead, int columns,
                      int tall, AMXScratch *s) {
  size_t width = (g->columns + LANES - 1) / LANES * LANES, depth = g->a.depth;
  const uint16_t *b = g->b + column * LANES * 2;
  _tile_zero(0);
  if (columns > 1) _tile_zero(1);
  if (tall) _tile_zero(2);
  if (tall && columns > 1) _tile_zero(3);
  if (amx_lies_whole(&g->a, rows)) {
    const uint16_t *a = (const uint16_t *)g->a.base + (ptrdiff_t)row * g->a.stride;
    AMXPiece piece[2] = {{a, (size_t)g->a.stride * 2}, {a + amx_rows * g->a.stride, (size_t)g->a.stride * 2}};
    for (size_t p = 0; p < pieces; p++, b += amx_depth * width) {
      amx_multiply(piece, b, width, columns, tall);
      piece[0].base += amx_depth;
      piece[1].base += amx_depth;
      fetch_ahead(&ahead);
    }
  } else if (pieces <= amx_pieces) {
    for (size_t p = 0; p < pieces; p++, b += amx_depth * width) {
      amx_multiply(s->pieces[p], b, width, columns, tall);
      fetch_ahead(&ahead);
    }
  } else {
    for (size_t t = 0; t < g->a.taps; t++) {
      AMXRows upper, lower;
      amx_locate(g, row, tall ? amx_rows : rows, t, &upper);
      if (tall) amx_locate(g, row + amx_rows, rows - amx_rows, t, &lower);
      for (size_t k = 0; k < depth; k += amx_depth, b += amx_depth * width) {
        AMXPiece piece[2];
        amx_piece(&upper, k, depth, s->copies[0][0], &piece[0]);
        if (tall) amx_piece(&lower, k, depth, s->copies[0][1], &piece[1]);
        amx_multiply(piece, b, width, columns, tall);
        fetch_ahead(&ahead);
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

// As finish_bf16 for simple epilogues; `nv`, `narrow` and whether there is a residual are constants in every copy.
INLINE void amx_finish(const GemmBF16 *g, size_t row, size_t rows, const float *sums, int nv, int narrow,
                       int has_residual) {
  const EpilogueF32 *e = &g->epilogue;
  int clips = e->activation == activation_clip;
  vf alpha = vset(e->alpha), low = vset(e->p0), high = vset(e->p1), bias[4];
  size_t tail = g->columns - (size_t)(nv - 1) * LANES;
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++)
    bias[j] = e->bias ? vload_some(e->bias + j * LANES, j < nv - 1 ? LANES : tail) : (vf)0.0f;
  for (size_t r = 0; r < rows; r++, sums += 4 * LANES) {
    vf x[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      x[j] = vfma(vload(sums + j * LANES), alpha, bias[j]);
      if (has_residual) x[j] += vresidual_bf16(e, row + r, (size_t)j * LANES, j < nv - 1 ? LANES : tail);
      if (clips) x[j] = vclip(x[j], low, high);
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j += narrow ? 2 : 1) {
      ptrdiff_t at = (ptrdiff_t)(row + r) * g->c_stride + j * LANES;
      size_t n = j < nv - 1 ? LANES : tail;
      if (!narrow) {
        vstore_some((float *)g->c + at, x[j], n);
      } else if (j == nv - 1) {
        vstore_half((uint16_t *)g->c + at, vnarrow(x[j]), n);
      } else {
        __mmask32 mask = (__mmask32)(0xffffffff >> (j + 2 < nv ? 0 : LANES - tail));
        _mm512_mask_storeu_epi16((uint16_t *)g->c + at, mask,
                                 (__m512i)_mm512_cvtne2ps_pbh((__m512)x[j + 1], (__m512)x[j]));
      }
    }
  }
}

#define AMX_FINISH(nv)                                                                                                \
  static __attribute__((noinline)) void CAT(amx_finish_##nv, ISA)(const GemmBF16 *g, size_t row, size_t rows,        \
                                                                  const float *sums) {                               \
    /* A copy that no store can alias. */                                                                            \
    GemmBF16 own = *g;                                                                                               \
    int has_residual = own.epilogue.residual || own.epilogue.residual_half;                                          \
    if (own.narrow && has_residual) amx_finish(&own, row, rows, sums, nv, 1, 1);                                     \
    else if (own.narrow) amx_finish(&own, row, rows, sums, nv, 1, 0);                                                \
    else amx_finish(&own, row, rows, sums, nv, 0, has_residual);                                                     \
  }
AMX_FINISH(1)
AMX_FINISH(2)
AMX_FINISH(3)
AMX_FINISH(4)
#undef AMX_FINISH

KERNEL(gemm_bf16)(const GemmBF16 *g) {
  AMXConfiguration configuration = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    configuration.row_bytes[i] = 64;
    configuration.rows[i] = amx_rows;
  }
  _tile_loadconfig(&configuration);
  typedef void (*Finish)(const GemmBF16 *, size_t, size_t, const float *);
  static const Finish finishes[] = {CAT(amx_finish_1, ISA), CAT(amx_finish_2, ISA), CAT(amx_finish_3, ISA),
                                    CAT(amx_finish_4, ISA)};
  AMXScratch scratch;
  int nv = (int)((g->columns + LANES - 1) / LANES);
  int simple = vfinishes_simply_bf16(&g->epilogue);
  size_t pieces = g->a.taps * ((g->a.depth + amx_depth - 1) / amx_depth);
  size_t left = (size_t)(nv + 1) / 2 * ((g->rows + 2 * amx_rows - 1) / (2 * amx_rows));
  AheadRest fetched = ahead_of(g->next, g->next_bytes);
  for (size_t row = 0; row < g->rows; row += 2 * amx_rows) {
    size_t rows = g->rows - row < 2 * amx_rows ? g->rows - row : 2 * amx_rows;
    if (pieces <= amx_pieces && !amx_lies_whole(&g->a, rows)) CAT(amx_gather, ISA)(g, row, rows, &scratch);
    for (int j = 0; j < nv; j += 2) {
      Ahead ahead = ahead_part(&fetched, pieces, left--, SIZE_MAX);
      if (rows > amx_rows && nv - j > 1) amx_block(g, row, rows, (size_t)j, pieces, ahead, 2, 1, &scratch);
      else if (rows > amx_rows) amx_block(g, row, rows, (size_t)j, pieces, ahead, 1, 1, &scratch);
      else if (nv - j > 1) amx_block(g, row, rows, (size_t)j, pieces, ahead, 2, 0, &scratch);
      else amx_block(g, row, rows, (size_t)j, pieces, ahead, 1, 0, &scratch);
    }
    if (simple) finishes[nv - 1](g, row, rows, scratch.sums);
    else CAT(finish_bf16, ISA)(g, row, rows, scratch.sums, 4 * LANES);
  }
  _tile_release();
}
