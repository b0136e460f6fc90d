// Integer products by tiles: 16 rows of A by 64 bytes of depth times 16 quadruples of B by 16 columns. A packed panel is a
// column of tiles as it lies; rows of A that are not whole tiles are copied and padded with zeros.

typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} TileConfiguration;

// Rows of A handled at once, and the longest ones that are copied.
enum { amx_rows = byte_tile_rows, amx_longest = 6144 };

// What a tap gives to 64 bytes of a row: lanes of `mask`, from `delta` bytes behind its beginning on.
typedef struct {
  __mmask64 mask;
  ptrdiff_t tap, delta;
} Piece;
enum { amx_pieces = 192 };

INLINE const uint8_t *tap_of(const RowSource *s, size_t row, ptrdiff_t tap) {
  if (!s->offsets) return (const uint8_t *)s->base + (ptrdiff_t)row * s->stride;
  int32_t offset = s->offsets[(ptrdiff_t)row * s->offset_stride + tap];
  return offset < 0 ? s->padding : (const uint8_t *)s->base + offset;
}

// The pieces of each 64 bytes of a row, vector v in first[v]..<first[v + 1].
static __attribute__((noinline)) void CAT(amx_cut, ISA)(const RowSource *s, size_t vectors, Piece *pieces,
                                                        uint16_t *first) {
  ptrdiff_t depth = (ptrdiff_t)s->depth, depth4 = (depth + 3) / 4 * 4;
  uint16_t count = 0;
  for (size_t v = 0; v < vectors; v++) {
    first[v] = count;
    ptrdiff_t begin = (ptrdiff_t)v * 64;
    for (ptrdiff_t t = begin / depth4; t < (ptrdiff_t)s->taps && t * depth4 < begin + 64; t++) {
      ptrdiff_t low = t * depth4 - begin, high = low + depth;
      if (low < 0) low = 0;
      if (high > 64) high = 64;
      if (high <= low) continue;
      pieces[count++] = (Piece){(high - low == 64 ? ~0ull : (1ull << (high - low)) - 1) << low, t, begin - t * depth4};
    }
  }
  first[vectors] = count;
}

// Rows row..<row+count of A, one after the other, each padded with zeros to whole vectors.
static __attribute__((noinline)) void CAT(amx_gather, ISA)(const GemmI8 *g, size_t row, size_t count, uint8_t *out,
                                                           size_t vectors, const Piece *pieces, const uint16_t *first) {
  RowSource s = g->a;
  if (s.depth % 64 == 0) {
    for (size_t r = row; r < row + count; r++)
      for (ptrdiff_t t = 0; t < (ptrdiff_t)s.taps; t++, out += s.depth) {
        const uint8_t *a = tap_of(&s, r, t);
        for (size_t i = 0; i < s.depth; i += 64) _mm512_store_si512(out + i, _mm512_loadu_si512(a + i));
      }
    return;
  }
  for (size_t r = row; r < row + count; r++)
    for (size_t v = 0; v < vectors; v++, out += 64) {
      __m512i bytes = _mm512_setzero_si512();
      for (uint16_t i = first[v]; i < first[v + 1]; i++)
        bytes = _mm512_or_si512(
            bytes, _mm512_maskz_loadu_epi8(pieces[i].mask, tap_of(&s, r, pieces[i].tap) + pieces[i].delta));
      _mm512_store_si512(out, bytes);
    }
}

#define AMX_STEP(dp, rows2, columns2)                                   \
  for (size_t p = 0; p < steps; p++, b += step / 4 * width4, a += step) { \
    _tile_loadd(4, a, a_stride);                                        \
    _tile_loadd(6, b, width4);                                          \
    dp(0, 4, 6);                                                        \
    if (columns2) {                                                     \
      _tile_loadd(7, b + 64, width4);                                   \
      dp(1, 4, 7);                                                      \
    }                                                                   \
    if (rows2) {                                                        \
      _tile_loadd(5, a + 16 * a_stride, a_stride);                      \
      dp(2, 5, 6);                                                      \
      if (columns2) dp(3, 5, 7);                                        \
    }                                                                   \
    fetch_ahead(&ahead);                                                \
  }

// Sums of up to 32 rows and 32 columns over `steps` times `step` bytes, on top of `start` per column.
INLINE void amx_block(const uint8_t *a, size_t a_stride, const int8_t *b, size_t width4, size_t steps, size_t step,
                      Ahead ahead, const int32_t *start, int32_t *sums, int is_signed, int rows2, int columns2) {
  _tile_loadd(0, start, 0);
  if (rows2) _tile_loadd(2, start, 0);
  if (columns2) {
    _tile_loadd(1, start + 16, 0);
    if (rows2) _tile_loadd(3, start + 16, 0);
  }
  if (is_signed) {
    AMX_STEP(_tile_dpbssd, rows2, columns2)
  } else {
    AMX_STEP(_tile_dpbusd, rows2, columns2)
  }
  _tile_stored(0, sums, 256);
  if (columns2) _tile_stored(1, sums + 16, 256);
  if (rows2) {
    _tile_stored(2, sums + 16 * 64, 256);
    if (columns2) _tile_stored(3, sums + 16 * 64 + 16, 256);
  }
}
#undef AMX_STEP

#define AMX_BLOCK(rows2, columns2)                                                                         \
  static __attribute__((noinline)) void CAT(amx_##rows2##columns2, ISA)(                                   \
      const uint8_t *a, size_t a_stride, const int8_t *b, size_t width4, size_t steps, size_t step,        \
      Ahead ahead, const int32_t *start, int32_t *sums, int is_signed) {                                   \
    if (is_signed) amx_block(a, a_stride, b, width4, steps, step, ahead, start, sums, 1, rows2, columns2); \
    else amx_block(a, a_stride, b, width4, steps, step, ahead, start, sums, 0, rows2, columns2);           \
  }
AMX_BLOCK(0, 0)
AMX_BLOCK(0, 1)
AMX_BLOCK(1, 0)
AMX_BLOCK(1, 1)
#undef AMX_BLOCK

// As the simple finish of floats, for sums that are corrected already.
static __attribute__((noinline)) void CAT(amx_finish_floats, ISA)(const GemmI8 *g, size_t row, size_t rows,
                                                                  const int32_t *sums) {
  for (size_t j = 0; j < g->columns; j += LANES) {
    size_t n = g->columns - j;
    vf scale = vscale_of(&g->epilogue, j, n), bias = vbias_of(&g->epilogue, j, n);
    float *c = (float *)g->c + (ptrdiff_t)row * g->c_stride + (ptrdiff_t)j;
    for (size_t r = 0; r < rows; r++, c += g->c_stride)
      vstore_some(c, vfrom(vloadi(sums + r * 64 + j)) * scale + bias, n);
  }
}

// How many bytes of depth a tile takes, so that whole tiles make up `depth`; 0 if none of a good size do.
INLINE size_t amx_step(size_t depth) {
  for (size_t steps = (depth + 63) / 64; steps <= 2 * ((depth + 63) / 64); steps++)
    if (depth % (4 * steps) == 0) return depth / steps;
  return 0;
}

KERNEL(gemm_amx)(const GemmI8 *g) {
  const RowSource *s = &g->a;
  size_t depth4 = (s->depth + 3) / 4 * 4, length = (s->taps * depth4 + 63) / 64 * 64, step = 64;
  int is_whole = 0;
  if (!s->offsets) {
    step = s->depth ? amx_step(s->depth) : 0;
    is_whole = step != 0;
    if (!step) step = 64;
  }
  size_t steps = is_whole ? s->depth / step : length / 64;
  // So short a row costs less step by step than by tiles that are mostly empty.
  int is_short = s->taps * depth4 <= (is_whole ? 16 : 40);
  if (g->rows < 6 || is_short || (!is_whole && (length > amx_longest || s->taps + length / 64 > amx_pieces))) {
    CAT(gemm_i8, ISA)(g);
    return;
  }
  _Alignas(64) uint8_t rows_of_a[amx_rows * amx_longest];
  _Alignas(64) int32_t sums[amx_rows * 64], start[64] = {0};

  int kind = finish_kind_of(g), is_bytes = g->result == gemm_result_u8 || g->result == gemm_result_s8;
  int is_float = kind == finish_simple && g->result == gemm_result_f32 && g->epilogue.activation == activation_none;
  int is_fast = (kind != finish_general && is_bytes) || is_float;
  ByteRows k;
  if (is_fast && is_bytes) k = byte_rows(&g->epilogue, g->result, kind, g->columns);
  // The general finish expects A as u8.
  for (size_t j = 0; j < g->columns; j += LANES) {
    size_t n = g->columns - j;
    vi correction = vmul(vloadi_some(g->b_sums + j, n), vseti(is_fast ? -g->a_zero : g->a_signed ? 128 : 0));
    if (is_fast && g->epilogue.bias_i32) correction = vadd(correction, vloadi_some(g->epilogue.bias_i32 + j, n));
    vstorei(start + j, correction);
  }

  Piece pieces[amx_pieces];
  uint16_t first[amx_longest / 64 + 1];
  int is_cut = length <= amx_longest && s->taps + length / 64 <= amx_pieces;
  if (is_cut) CAT(amx_cut, ISA)(s, length / 64, pieces, first);

  TileConfiguration tiles = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    tiles.row_bytes[i] = i == 4 || i == 5 ? (uint16_t)step : 64;
    tiles.rows[i] = i == 6 || i == 7 ? (uint8_t)(step / 4) : 16;
  }
  _tile_loadconfig(&tiles);
  size_t width4 = (g->columns + LANES - 1) / LANES * LANES * 4;
  size_t blocks = (width4 / 4 + 31) / 32, left = blocks * ((g->rows + amx_rows - 1) / amx_rows);
  AheadRest fetched = ahead_of(g->next, g->next_bytes);
  for (size_t row = 0; row < g->rows; row += amx_rows) {
    size_t count = g->rows - row < amx_rows ? g->rows - row : amx_rows;
    const uint8_t *a = (const uint8_t *)s->base + (ptrdiff_t)row * s->stride;
    size_t a_stride = (size_t)s->stride;
    if (!is_whole || count % 16 != 0) {
      if (!is_cut) {
        GemmI8 rest = *g;
        rest.rows = count;
        rest.a.base = a;
        rest.c = (char *)g->c + (ptrdiff_t)row * g->c_stride * (is_bytes ? 1 : 4);
        if (rest.a_zeros) rest.a_zeros += row;
        if (rest.epilogue.row_scale) rest.epilogue.row_scale += row;
        if (rest.epilogue.residual)
          rest.epilogue.residual = (const char *)rest.epilogue.residual +
                                   (ptrdiff_t)row * rest.epilogue.residual_stride *
                                       (rest.epilogue.residual_type == gemm_result_f32 ? 4 : 1);
        CAT(gemm_i8, ISA)(&rest);
        break;
      }
      CAT(amx_gather, ISA)(g, row, count, rows_of_a, length / 64, pieces, first);
      a = rows_of_a;
      a_stride = length;
    }
    // Any number of lines with a step: weights come from far away where there are few rows to use them.
    for (size_t j = 0; j < width4 / 4; j += 32) {
      int columns2 = j + 16 < width4 / 4;
      (columns2 ? count > 16 ? CAT(amx_11, ISA) : CAT(amx_01, ISA) : count > 16 ? CAT(amx_10, ISA) : CAT(amx_00, ISA))(
          a, a_stride, g->b + j * 4, width4, steps, step, ahead_part(&fetched, steps, left--, SIZE_MAX), start + j,
          sums + j, g->a_signed);
    }
    if (is_float) {
      CAT(amx_finish_floats, ISA)(g, row, count, sums);
      continue;
    }
    if (is_fast) {
      byte_tile_of(g->columns)(g, &k, row, count, sums, 64);
      continue;
    }
    FinishI8 finish = finish_of(g);
    for (size_t r = 0; r < count; r += 8) finish(g, row + r, count - r < 8 ? count - r : 8, sums + r * 64, 64);
  }
  _tile_release();
}
