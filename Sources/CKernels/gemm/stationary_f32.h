// Products of few columns and a short depth: B stays in registers while positions pass, so that every multiplication reads
// one number. `lines` and `span` are constants in every copy of the body.

INLINE void stationary_rows_f32(const GemmF32 *g, const Windows *w, const vf b[], vf acc[], size_t row, int rows,
                                int lines, int span) {
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    const float *window = (const float *)g->a.base + (ptrdiff_t)(row + (size_t)r) * w->step;
    acc[r] = (vf)0.0f;
#pragma clang loop unroll(full)
    for (int i = 0; i < lines * span; i++) acc[r] = vfma(vset(window[i / span * w->line + i % span]), b[i], acc[r]);
  }
}

// Activations take many rows at once: their call drives B out of the registers.
INLINE void stationary_all_f32(const GemmF32 *g, const Windows *w, int lines, int span, int simple) {
  enum { together = 16 };
  size_t row = 0;
  while (row < g->rows) {
    size_t end = simple || g->rows - row < together ? g->rows : row + together, first = row;
    _Alignas(64) float tile[together * LANES];
    vf b[27], acc[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < lines * span; i++) b[i] = vload(g->b + i * g->b_stride);
    for (; row + 4 <= end; row += 4) {
      stationary_rows_f32(g, w, b, acc, row, 4, lines, span);
      finish_registers_f32(g, row, acc, 4, 1, g->columns, simple ? NULL : tile + (row - first) * LANES);
    }
    for (; row < end; row++) {
      stationary_rows_f32(g, w, b, acc, row, 1, lines, span);
      finish_registers_f32(g, row, acc, 1, 1, g->columns, simple ? NULL : tile + (row - first) * LANES);
    }
    if (simple) continue;
    for (size_t i = row - first; i % each_most != 0; i++) vstore(tile + i * LANES, (vf)0.0f);
    CAT(activate_f32, ISA)(g, first, row - first, tile, 1);
  }
}

#define BODY(lines, span)                                                                                             \
  static __attribute__((noinline)) void CAT(stationary_f32_##lines##x##span, ISA)(const GemmF32 *g, const Windows *w) { \
    if (vfinishes_simply_f32(&g->epilogue)) stationary_all_f32(g, w, lines, span, 1);                                 \
    else stationary_all_f32(g, w, lines, span, 0);                                                                    \
  }
BODY(3, 3)
BODY(3, 9)
BODY(5, 5)
#undef BODY

KERNEL(stationary_f32)(const GemmF32 *g, const Windows *w) {
  if (w->lines == 5) CAT(stationary_f32_5x5, ISA)(g, w);
  else if (w->span == 9) CAT(stationary_f32_3x9, ISA)(g, w);
  else CAT(stationary_f32_3x3, ISA)(g, w);
}
