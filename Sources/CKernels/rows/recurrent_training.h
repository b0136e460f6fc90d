// Recurrent steps in training: products and gates in one pass, results kept for the way back, and the way back.

// Rows of a tile of four vectors, which fill the registers.
#if HAS_AVX512 || HAS_NEON
#define CELL_ROWS 6
#else
#define CELL_ROWS 3
#endif
// Vectors that take an activation together.
#define CELL_VECTORS 8

// x[i] becomes 1 / (1 + 2^(factor[i] · x[i])), within 2e-7, absolute. All take each step together: one alone would wait for
// itself most of the time.
INLINE void vlogistic(vf x[], const float factor[], int n) {
  vf r[CELL_VECTORS], k[CELL_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = vmin(x[i] * factor[i], (vf)126.0f);
#if HAS_AVX512
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) k[i] = (vf)_mm512_roundscale_ps((__m512)x[i], _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = vmax(x[i], (vf)-126.0f);
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) k[i] = vround(x[i]);
#endif
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) r[i] = x[i] - k[i];
  // 2^r on |r| ≤ ½.
  static const float terms[] = {0.0013276473f, 0.0096755419f, 0.055507131f, 0.2402212f, 0.69314694f, 1.0000001f};
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = vfma(r[i], (vf)terms[0], (vf)terms[1]);
#pragma clang loop unroll(full)
  for (int t = 2; t < 6; t++)
#pragma clang loop unroll(full)
    for (int i = 0; i < n; i++) x[i] = vfma(x[i], r[i], (vf)terms[t]);
#if HAS_AVX512
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = 1.0f + (vf)_mm512_scalef_ps((__m512)x[i], (__m512)k[i]);
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) r[i] = (vf)_mm512_rcp14_ps((__m512)x[i]);
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = vfma(-x[i], r[i], (vf)1.0f);
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = vfma(x[i], r[i], r[i]);
#else
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) {
    vi exponent = vbits(k[i] + 12582912.0f) - vbits((vf)12582912.0f);
    // Where x is NaN, so is the polynomial.
    x[i] = 1.0f / (1.0f + x[i] * vfloat(((x[i] == x[i] ? exponent : (vi)0) + 127) << 23));
  }
#endif
}
// Factors of sigmoid x = 1 / (1 + 2^…) and tanh x = 2 / (1 + 2^…) − 1.
#define SIGMOID_FACTOR -1.44269504f
#define TANH_FACTOR -2.88539008f
INLINE vf vdoubled(vf x) { return vfma(x, (vf)2.0f, (vf)-1.0f); }
INLINE void vtanh_all(vf x[], int n) {
  static const float factors[] = {TANH_FACTOR, TANH_FACTOR, TANH_FACTOR, TANH_FACTOR,
                                  TANH_FACTOR, TANH_FACTOR, TANH_FACTOR, TANH_FACTOR};
  vlogistic(x, factors, n);
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++) x[i] = vdoubled(x[i]);
}

// Sums of `rows` rows of A from `first` on with `vectors` vectors of a panel; vector j goes to accumulator 4r + to[j].
INLINE const float *cell_sums(vf acc[], const float *a, ptrdiff_t stride, size_t depth, const float *panel, int rows,
                              int vectors, const int to[]) {
  for (size_t p = 0; p < depth; p++, panel += vectors * LANES) {
    vf bv[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) bv[j] = vload(panel + j * LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf av = vset(a[r * stride + (ptrdiff_t)p]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) acc[4 * r + to[j]] = vfma(av, bv[j], acc[4 * r + to[j]]);
    }
  }
  return panel;
}

INLINE void lstm_training_finish(const CellTraining *s, size_t row, size_t unit, vf acc[], int rows, size_t n) {
  size_t hidden = s->hidden;
  static const float factors[] = {SIGMOID_FACTOR, SIGMOID_FACTOR, SIGMOID_FACTOR, TANH_FACTOR,
                                  SIGMOID_FACTOR, SIGMOID_FACTOR, SIGMOID_FACTOR, TANH_FACTOR};
  vf h[CELL_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r += 2) vlogistic(acc + 4 * r, factors, r + 1 < rows ? 8 : 4);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    ptrdiff_t at = (ptrdiff_t)row + r;
    vf g = vdoubled(acc[4 * r + 3]);
    vf cell = vfma(acc[4 * r + 2], vload_some(s->cell_before + at * s->cell_before_stride + unit, n), acc[4 * r] * g);
    float *saved = s->saved + at * s->saved_stride + unit;
    vstore_some(saved, acc[4 * r], n);
    vstore_some(saved + hidden, acc[4 * r + 1], n);
    vstore_some(saved + 2 * hidden, acc[4 * r + 2], n);
    vstore_some(saved + 3 * hidden, g, n);
    vstore_some(saved + 4 * hidden, cell, n);
    h[r] = cell;
  }
  vtanh_all(h, rows);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    ptrdiff_t at = (ptrdiff_t)row + r;
    h[r] *= acc[4 * r + 1];
    vstore_some(s->h + at * s->h_stride + unit, h[r], n);
    vstore_some(s->y + at * s->y_stride + unit, h[r], n);
  }
}

INLINE void lstm_training_tile(const CellTraining *s, size_t row, size_t unit, const float *panel, int rows) {
  vf acc[4 * CELL_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < 4 * rows; r++) acc[r] = vload(panel + r % 4 * LANES);
  const int to[] = {0, 1, 2, 3};
  cell_sums(acc, s->a + (ptrdiff_t)row * s->a_stride, s->a_stride, s->inputs + s->hidden, panel + 4 * LANES, rows, 4, to);
  if (s->hidden - unit >= LANES) lstm_training_finish(s, row, unit, acc, rows, LANES);
  else lstm_training_finish(s, row, unit, acc, rows, s->hidden - unit);
}

INLINE void gru_training_finish(const CellTraining *s, size_t row, size_t unit, const vf acc[], int rows, size_t n) {
  size_t hidden = s->hidden;
  static const float factors[] = {SIGMOID_FACTOR, SIGMOID_FACTOR, SIGMOID_FACTOR, SIGMOID_FACTOR,
                                  SIGMOID_FACTOR, SIGMOID_FACTOR, SIGMOID_FACTOR, SIGMOID_FACTOR};
  vf gates[2 * CELL_ROWS], candidate[CELL_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < 2 * rows; r++) gates[r] = acc[4 * (r / 2) + r % 2];
#pragma clang loop unroll(full)
  for (int r = 0; r < 2 * rows; r += CELL_VECTORS)
    vlogistic(gates + r, factors, 2 * rows - r < CELL_VECTORS ? 2 * rows - r : CELL_VECTORS);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) candidate[r] = vfma(gates[2 * r + 1], acc[4 * r + 3], acc[4 * r + 2]);
  vtanh_all(candidate, rows);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    ptrdiff_t at = (ptrdiff_t)row + r;
    vf before = vload_some(s->a + at * s->a_stride + (ptrdiff_t)(s->inputs + unit), n);
    vf h = vfma(gates[2 * r], before - candidate[r], candidate[r]);
    float *saved = s->saved + at * s->saved_stride + unit;
    vstore_some(saved, gates[2 * r], n);
    vstore_some(saved + hidden, gates[2 * r + 1], n);
    vstore_some(saved + 2 * hidden, candidate[r], n);
    vstore_some(saved + 3 * hidden, acc[4 * r + 3], n);
    vstore_some(s->h + at * s->h_stride + unit, h, n);
    vstore_some(s->y + at * s->y_stride + unit, h, n);
  }
}

// The reset gate multiplies R·h.
INLINE void gru_training_tile(const CellTraining *s, size_t row, size_t unit, const float *panel, int rows) {
  vf acc[4 * CELL_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < 4 * rows; r++) acc[r] = vload(panel + r % 4 * LANES);
  const int inputs[] = {0, 1, 2}, states[] = {0, 1, 3};
  const float *a = s->a + (ptrdiff_t)row * s->a_stride;
  panel = cell_sums(acc, a, s->a_stride, s->inputs, panel + 4 * LANES, rows, 3, inputs);
  cell_sums(acc, a + s->inputs, s->a_stride, s->hidden, panel, rows, 3, states);
  if (s->hidden - unit >= LANES) gru_training_finish(s, row, unit, acc, rows, LANES);
  else gru_training_finish(s, row, unit, acc, rows, s->hidden - unit);
}

#define TILES(cell)                                                                                          \
  TILE(cell, 1) TILE(cell, 2) TILE(cell, 3) MORE_TILES(cell)                                                  \
  KERNEL(cell##_training_f32)(const CellTraining *s) {                                                       \
    typedef void (*Tile)(const CellTraining *, size_t, size_t, const float *);                               \
    static const Tile tiles[] = {NAME(cell, 1), NAME(cell, 2), NAME(cell, 3) MORE_NAMES(cell)};              \
    const float *panel = s->panels;                                                                          \
    for (size_t unit = 0; unit < s->hidden; unit += LANES, panel += s->panel_stride)                         \
      for (size_t row = 0, rows; row < s->rows; row += rows) {                                               \
        size_t left = s->rows - row, count = (left + CELL_ROWS - 1) / CELL_ROWS;                             \
        rows = (left + count - 1) / count;                                                                   \
        tiles[rows - 1](s, row, unit, panel);                                                                \
      }                                                                                                      \
  }
#define NAME(cell, rows) CAT(cell##_training_##rows, ISA)
#define TILE(cell, rows)                                                                                            \
  static __attribute__((noinline)) void NAME(cell, rows)(const CellTraining *s, size_t row, size_t unit,            \
                                                         const float *panel) {                                     \
    cell##_training_tile(s, row, unit, panel, rows);                                                               \
  }
#if CELL_ROWS == 6
#define MORE_TILES(cell) TILE(cell, 4) TILE(cell, 5) TILE(cell, 6)
#define MORE_NAMES(cell) , NAME(cell, 4), NAME(cell, 5), NAME(cell, 6)
#else
#define MORE_TILES(cell)
#define MORE_NAMES(cell)
#endif
TILES(lstm)
TILES(gru)
#undef TILES
#undef TILE
#undef NAME
#undef MORE_TILES
#undef MORE_NAMES

// `vectors` of units of one row, the last of n elements.
INLINE void lstm_gradient_units(size_t hidden, const float *saved, const float *before, const float *dh, const float *dy,
                                float *dc, float *gates, int vectors, size_t n) {
  vf t[4];
#pragma clang loop unroll(full)
  for (int k = 0; k < vectors; k++) t[k] = vload_some(saved + 4 * hidden + k * LANES, n);
  vtanh_all(t, vectors);
#pragma clang loop unroll(full)
  for (int k = 0; k < vectors; k++) {
    size_t j = (size_t)k * LANES;
    vf i = vload_some(saved + j, n), o = vload_some(saved + hidden + j, n), f = vload_some(saved + 2 * hidden + j, n);
    vf g = vload_some(saved + 3 * hidden + j, n), d = vload_some(dh + j, n);
    if (dy) d += vload_some(dy + j, n);
    vf od = o * d, to = t[k] * od;
    vf cell = vload_some(dc + j, n) + vfma(-to, t[k], od);
    vf di = cell * g * i, df = cell * f, dg = cell * i;
    vstore_some(dc + j, df, n);
    df *= vload_some(before + j, n);
    vstore_some(gates + j, vfma(-di, i, di), n);
    vstore_some(gates + hidden + j, vfma(-to, o, to), n);
    vstore_some(gates + 2 * hidden + j, vfma(-df, f, df), n);
    vstore_some(gates + 3 * hidden + j, vfma(-dg * g, g, dg), n);
  }
}

// Cotangents of the gates before activation, and of the cell before; dh is that of the state, all of it.
KERNEL(lstm_gradient_f32)(const CellGradient *s) {
  size_t hidden = s->hidden;
  for (size_t row = 0; row < s->rows; row++) {
    const float *saved = s->saved + (ptrdiff_t)row * s->saved_stride;
    const float *dh = s->dh + (ptrdiff_t)row * s->dh_stride, *dy = s->dy ? s->dy + (ptrdiff_t)row * s->dy_stride : NULL;
    const float *before = s->before + (ptrdiff_t)row * s->before_stride;
    float *dc = s->dc + (ptrdiff_t)row * s->dc_stride, *gates = s->gates + (ptrdiff_t)row * s->gates_stride;
    size_t j = 0;
    for (; j + 4 * LANES <= hidden; j += 4 * LANES)
      lstm_gradient_units(hidden, saved + j, before + j, dh + j, dy ? dy + j : NULL, dc + j, gates + j, 4, LANES);
    for (; j + LANES <= hidden; j += LANES)
      lstm_gradient_units(hidden, saved + j, before + j, dh + j, dy ? dy + j : NULL, dc + j, gates + j, 1, LANES);
    if (j < hidden)
      lstm_gradient_units(hidden, saved + j, before + j, dh + j, dy ? dy + j : NULL, dc + j, gates + j, 1, hidden - j);
  }
}

// Here dc takes what the state before receives directly, and `state_gates` the cotangents of R·h.
KERNEL(gru_gradient_f32)(const CellGradient *s) {
  size_t hidden = s->hidden;
  for (size_t row = 0; row < s->rows; row++) {
    const float *saved = s->saved + (ptrdiff_t)row * s->saved_stride;
    const float *dh = s->dh + (ptrdiff_t)row * s->dh_stride, *dy = s->dy ? s->dy + (ptrdiff_t)row * s->dy_stride : NULL;
    const float *before = s->before + (ptrdiff_t)row * s->before_stride;
    float *dc = s->dc + (ptrdiff_t)row * s->dc_stride, *gates = s->gates + (ptrdiff_t)row * s->gates_stride;
    float *states = s->state_gates + (ptrdiff_t)row * s->gates_stride;
    for (size_t j = 0; j < hidden; j += LANES) {
      size_t n = hidden - j;
      vf z = vload_some(saved + j, n), r = vload_some(saved + hidden + j, n);
      vf candidate = vload_some(saved + 2 * hidden + j, n), product = vload_some(saved + 3 * hidden + j, n);
      vf d = vload_some(dh + j, n);
      if (dy) d += vload_some(dy + j, n);
      vf zd = z * d, dz = zd * (vload_some(before + j, n) - candidate);
      vf dn = d - zd;
      dn = vfma(-dn * candidate, candidate, dn);
      vf dr = dn * product * r;
      dz = vfma(-dz, z, dz);
      dr = vfma(-dr, r, dr);
      vstore_some(dc + j, zd, n);
      vstore_some(gates + j, dz, n);
      vstore_some(gates + hidden + j, dr, n);
      vstore_some(gates + 2 * hidden + j, dn, n);
      vstore_some(states + j, dz, n);
      vstore_some(states + hidden + j, dr, n);
      vstore_some(states + 2 * hidden + j, dn * r, n);
    }
  }
}
#undef CELL_ROWS
#undef CELL_VECTORS
#undef SIGMOID_FACTOR
#undef TANH_FACTOR
