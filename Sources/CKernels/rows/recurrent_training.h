// Recurrent steps in training: products and gates in one pass, results kept for the way back, and the way back.

// Rows of a tile of four vectors, which fill the registers.
#if HAS_AVX512 || HAS_NEON
#define CELL_ROWS 6
#else
#define CELL_ROWS 3
#endif

// 1 / x for normal x.
INLINE vf vreciprocal(vf x) {
#if HAS_AVX512
  vf y = (vf)_mm512_rcp14_ps((__m512)x);
  return vfma(y, vfma(-x, y, (vf)1.0f), y);
#else
  return 1.0f / x;
#endif
}
// Within 2e-7 of the true value, absolute; beyond the bound results are 0, 1 or −1 anyway.
INLINE vf vsigmoid_gate(vf x) { return vreciprocal(1.0f + vexp_(-vmax(x, (vf)-87.0f), 0)); }
INLINE vf vtanh_gate(vf x) {
  return vfma(vreciprocal(1.0f + vexp_(-2.0f * vmax(x, (vf)-43.5f), 0)), (vf)2.0f, (vf)-1.0f);
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

INLINE void lstm_training_tile(const CellTraining *s, size_t row, size_t unit, const float *panel, int rows) {
  vf acc[4 * CELL_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < 4 * rows; r++) acc[r] = vload(panel + r % 4 * LANES);
  const int to[] = {0, 1, 2, 3};
  cell_sums(acc, s->a + (ptrdiff_t)row * s->a_stride, s->a_stride, s->inputs + s->hidden, panel + 4 * LANES, rows, 4, to);
  size_t hidden = s->hidden, n = hidden - unit;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    ptrdiff_t at = (ptrdiff_t)row + r;
    vf i = vsigmoid_gate(acc[4 * r]), o = vsigmoid_gate(acc[4 * r + 1]), f = vsigmoid_gate(acc[4 * r + 2]);
    vf g = vtanh_gate(acc[4 * r + 3]);
    vf cell = vfma(f, vload_some(s->cell_before + at * s->cell_before_stride + unit, n), i * g);
    vf h = o * vtanh_gate(cell);
    float *saved = s->saved + at * s->saved_stride + unit;
    vstore_some(saved, i, n);
    vstore_some(saved + hidden, o, n);
    vstore_some(saved + 2 * hidden, f, n);
    vstore_some(saved + 3 * hidden, g, n);
    vstore_some(saved + 4 * hidden, cell, n);
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
  size_t hidden = s->hidden, n = hidden - unit;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    ptrdiff_t at = (ptrdiff_t)row + r;
    vf z = vsigmoid_gate(acc[4 * r]), reset = vsigmoid_gate(acc[4 * r + 1]);
    vf candidate = vtanh_gate(vfma(reset, acc[4 * r + 3], acc[4 * r + 2]));
    vf before = vload_some(a + r * s->a_stride + (ptrdiff_t)(s->inputs + unit), n);
    vf h = vfma(z, before - candidate, candidate);
    float *saved = s->saved + at * s->saved_stride + unit;
    vstore_some(saved, z, n);
    vstore_some(saved + hidden, reset, n);
    vstore_some(saved + 2 * hidden, candidate, n);
    vstore_some(saved + 3 * hidden, acc[4 * r + 3], n);
    vstore_some(s->h + at * s->h_stride + unit, h, n);
    vstore_some(s->y + at * s->y_stride + unit, h, n);
  }
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

// Cotangents of the gates before activation, and of the cell before; dh is that of the state, all of it.
KERNEL(lstm_gradient_f32)(const CellGradient *s) {
  size_t hidden = s->hidden;
  for (size_t row = 0; row < s->rows; row++) {
    const float *saved = s->saved + (ptrdiff_t)row * s->saved_stride;
    const float *dh = s->dh + (ptrdiff_t)row * s->dh_stride, *dy = s->dy ? s->dy + (ptrdiff_t)row * s->dy_stride : NULL;
    const float *before = s->before + (ptrdiff_t)row * s->before_stride;
    float *dc = s->dc + (ptrdiff_t)row * s->dc_stride, *gates = s->gates + (ptrdiff_t)row * s->gates_stride;
    for (size_t j = 0; j < hidden; j += LANES) {
      size_t n = hidden - j;
      vf i = vload_some(saved + j, n), o = vload_some(saved + hidden + j, n), f = vload_some(saved + 2 * hidden + j, n);
      vf g = vload_some(saved + 3 * hidden + j, n), t = vtanh_gate(vload_some(saved + 4 * hidden + j, n));
      vf d = vload_some(dh + j, n);
      if (dy) d += vload_some(dy + j, n);
      vf od = o * d;
      vf cell = vload_some(dc + j, n) + vfma(-t * od, t, od);
      vf di = cell * g * i, df = cell * f, dg = cell * i;
      vstore_some(dc + j, df, n);
      df *= vload_some(before + j, n);
      vstore_some(gates + j, vfma(-di, i, di), n);
      vstore_some(gates + hidden + j, vfma(-t * od, o, t * od), n);
      vstore_some(gates + 2 * hidden + j, vfma(-df, f, df), n);
      vstore_some(gates + 3 * hidden + j, vfma(-dg * g, g, dg), n);
    }
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
