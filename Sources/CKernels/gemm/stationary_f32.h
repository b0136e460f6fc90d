// Products of up to two vectors of columns and a short depth: many positions at a time, so that no sum waits for itself, and
// windows that overlap need no copies. `nv`, `lines` and `span` are constants in every copy of the body.

enum { stationary_rows = 8 };

INLINE void stationary_sums_f32(const GemmF32 *g, const Windows *w, vf acc[], size_t row, int rows, int nv, int lines,
                                int span, ptrdiff_t step) {
  const float *line = (const float *)g->a.base + (ptrdiff_t)row * step, *b = g->b;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * nv; i++) acc[i] = (vf)0.0f;
  for (int l = 0; l < lines; l++, line += w->line) {
    const float *x = line;
    // Unrolled, everything is loaded first and spilled.
#pragma clang loop unroll(disable)
    for (int i = 0; i < span; i++, x++, b += g->b_stride) {
      vf bv[2];
#pragma clang loop unroll(full)
      for (int j = 0; j < nv; j++) bv[j] = vload(b + j * LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vf av = vset(x[r * step]);
#pragma clang loop unroll(full)
        for (int j = 0; j < nv; j++) acc[r * nv + j] = vfma(av, bv[j], acc[r * nv + j]);
      }
    }
  }
}

INLINE void stationary_all_f32(const GemmF32 *g, const Windows *w, int nv, int lines, int span, ptrdiff_t step,
                               int simple) {
  enum { together = 16 };
  size_t row = 0, tail = g->columns - (size_t)(nv - 1) * LANES;
  while (row < g->rows) {
    size_t end = simple || g->rows - row < together ? g->rows : row + together, first = row;
    _Alignas(64) float tile[together * 2 * LANES];
    vf acc[stationary_rows * 2];
    for (; row + stationary_rows <= end; row += stationary_rows) {
      stationary_sums_f32(g, w, acc, row, stationary_rows, nv, lines, span, step);
      finish_registers_f32(g, row, acc, stationary_rows, nv, tail,
                           simple ? NULL : tile + (row - first) * (size_t)nv * LANES);
    }
    for (; row < end; row++) {
      stationary_sums_f32(g, w, acc, row, 1, nv, lines, span, step);
      finish_registers_f32(g, row, acc, 1, nv, tail, simple ? NULL : tile + (row - first) * (size_t)nv * LANES);
    }
    if (simple) continue;
    for (size_t i = (row - first) * (size_t)nv; i % each_most != 0; i++) vstore(tile + i * LANES, (vf)0.0f);
    CAT(activate_f32, ISA)(g, first, row - first, tile, (size_t)nv);
  }
}

// With the steps of images of one channel, and of three channels by strides of 1 and 2, addresses are constants.
#define BODY(nv, l, s, t)                                                                                         \
  static __attribute__((noinline)) void CAT(stationary_f32_##nv##x##l##x##s##_##t, ISA)(const GemmF32 *g,         \
                                                                                        const Windows *w) {       \
    ptrdiff_t step = t ? t : w->step;                                                                             \
    if (vfinishes_simply_f32(&g->epilogue)) stationary_all_f32(g, w, nv, l, s, step, 1);                          \
    else stationary_all_f32(g, w, nv, l, s, step, 0);                                                             \
  }
#define ALL(X) X(3, 3, 0) X(3, 3, 1) X(3, 9, 0) X(3, 9, 3) X(3, 9, 6) X(5, 5, 0) X(5, 5, 1)
#define BODIES(l, s, t) BODY(1, l, s, t) BODY(2, l, s, t)
ALL(BODIES)
#undef BODIES
#undef BODY

KERNEL(stationary_f32)(const GemmF32 *g, const Windows *w) {
  typedef void (*Body)(const GemmF32 *, const Windows *);
  Body body = NULL;
  // Those with a step that is known come after those without.
#define CHOOSE(l, s, t)                                                              \
  if (w->lines == (l) && w->span == (s) && ((t) == 0 || w->step == (t)))             \
    body = g->columns > LANES ? CAT(stationary_f32_2x##l##x##s##_##t, ISA) : CAT(stationary_f32_1x##l##x##s##_##t, ISA);
  ALL(CHOOSE)
#undef CHOOSE
#undef ALL
  body(g, w);
}
