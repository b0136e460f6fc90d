#pragma once
INLINE void vstore_result_bf16(const GemmBF16 *g, size_t row, size_t j, vf x, size_t n) {
  ptrdiff_t at = (ptrdiff_t)row * g->c_stride + (ptrdiff_t)j;
  if (g->narrow) vstore_half((uint16_t *)g->c + at, vnarrow(x), n);
  else vstore_some((float *)g->c + at, x, n);
}

// The residual of either type; 0 without one.
INLINE vf vresidual_bf16(const EpilogueF32 *e, size_t row, size_t j, size_t n) {
  ptrdiff_t at = (ptrdiff_t)row * e->residual_stride + (ptrdiff_t)j;
  if (e->residual_half) return vload_half(e->residual_half + at, n);
  return e->residual ? vload_some(e->residual + at, n) : (vf)0.0f;
}

// Rows of a tile of bare sums, with an activation that is known when compiling.
INLINE void vfinish_rows_bf16(const GemmBF16 *g, size_t row, size_t rows, const float *tile, size_t tile_stride,
                              int activation) {
  const EpilogueF32 *e = &g->epilogue;
  vf p0 = vset(e->p0), p1 = vset(e->p1), alpha = vset(e->alpha);
  for (size_t r = 0; r < rows; r += each_most) {
    size_t count = rows - r < each_most ? rows - r : each_most;
    for (size_t j = 0; j < g->columns; j += LANES) {
      size_t n = g->columns - j;
      vf bias = e->bias ? vload_some(e->bias + j, n) : (vf)0.0f, x[each_most];
      // The rows that fill up the last group are copies of its first.
      EACH_VECTOR(i, each_most) {
        size_t at = (size_t)i < count ? r + (size_t)i : r;
        x[i] = vfma(vload(tile + at * tile_stride + j), alpha, bias);
        if (e->row_bias) x[i] += e->row_bias[row + at];
        if (e->residual_half || e->residual) x[i] += vresidual_bf16(e, row + at, j, n);
      }
      if (g->narrow) vactivate_each(x, each_most, activation, p0, p1, 1);
      else vactivate_each(x, each_most, activation, p0, p1, 0);
      EACH_VECTOR(i, each_most) if ((size_t)i < count) vstore_result_bf16(g, row + r + (size_t)i, j, x[i], n);
    }
  }
}

// Finishes rows of a tile of bare sums held in `tile` (tile_stride floats per row) and stores them to C.
static __attribute__((noinline)) void CAT(finish_bf16, ISA)(const GemmBF16 *g, size_t row, size_t rows,
                                                            const float *tile, size_t tile_stride) {
  switch (g->epilogue.activation) {
    case activation_silu: vfinish_rows_bf16(g, row, rows, tile, tile_stride, activation_silu); break;
    case activation_gelu: vfinish_rows_bf16(g, row, rows, tile, tile_stride, activation_gelu); break;
    case activation_gelu_tanh: vfinish_rows_bf16(g, row, rows, tile, tile_stride, activation_gelu_tanh); break;
    case activation_clip: vfinish_rows_bf16(g, row, rows, tile, tile_stride, activation_clip); break;
    case activation_none: vfinish_rows_bf16(g, row, rows, tile, tile_stride, activation_none); break;
    case activation_hard_swish: vfinish_rows_bf16(g, row, rows, tile, tile_stride, activation_hard_swish); break;
    default: vfinish_rows_bf16(g, row, rows, tile, tile_stride, g->epilogue.activation); break;
  }
}

// Whether an epilogue has neither an operand per row but the residual nor an activation beyond clip.
INLINE int vfinishes_simply_bf16(const EpilogueF32 *e) {
  return !e->row_bias && (e->activation == activation_none || e->activation == activation_clip);
}

// As finish_bf16 for simple epilogues, from registers: `rows` × `nv` vectors.
INLINE void finish_registers_bf16(const GemmBF16 *g, size_t row, const vf acc[], int rows, int nv) {
  const EpilogueF32 *e = &g->epilogue;
  int clips = e->activation == activation_clip;
  vf alpha = vset(e->alpha), low = vset(clips ? e->p0 : -__builtin_inff()),
     high = vset(clips ? e->p1 : __builtin_inff());
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    size_t at = (size_t)j * LANES, n = j < nv - 1 ? LANES : g->columns - at;
    vf bias = e->bias ? vload_some(e->bias + at, n) : (vf)0.0f;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf x = vfma(acc[r * nv + j], alpha, bias) + vresidual_bf16(e, row + (size_t)r, at, n);
      vstore_result_bf16(g, row + (size_t)r, at, vclip(x, low, high), n);
    }
  }
}
