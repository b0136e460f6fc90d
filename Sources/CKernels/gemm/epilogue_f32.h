// Finishes rows of a tile of bare sums held in `tile` (tile_stride floats per row) and stores them to C.
INLINE void finish_rows_f32(const GemmF32 *g, size_t row, size_t rows, const float *tile, size_t tile_stride,
                            int activation) {
  const EpilogueF32 e = g->epilogue;
  vf p0 = vset(e.p0), p1 = vset(e.p1), alpha = vset(e.alpha);
  for (size_t r = 0; r < rows; r++) {
    vf row_bias = vset(e.row_bias ? e.row_bias[row + r] : 0);
    const float *residual = e.residual ? e.residual + (ptrdiff_t)(row + r) * e.residual_stride : NULL;
    float *c = g->c + (ptrdiff_t)(row + r) * g->c_stride;
    for (size_t j = 0; j < g->columns; j += LANES) {
      size_t n = g->columns - j;
      vf x = vfma(vload(tile + r * tile_stride + j), alpha, row_bias);
      if (e.bias) x += vload_some(e.bias + j, n);
      if (residual) x += vload_some(residual + j, n);
      vstore_some(c + j, vactivate_(x, activation, p0, p1, 0), n);
    }
  }
}

static __attribute__((noinline)) void CAT(finish_f32, ISA)(const GemmF32 *g, size_t row, size_t rows, const float *tile,
                                                           size_t tile_stride) {
  switch (g->epilogue.activation) {
    case activation_silu: finish_rows_f32(g, row, rows, tile, tile_stride, activation_silu); break;
    case activation_sigmoid: finish_rows_f32(g, row, rows, tile, tile_stride, activation_sigmoid); break;
    case activation_gelu: finish_rows_f32(g, row, rows, tile, tile_stride, activation_gelu); break;
    case activation_hard_swish: finish_rows_f32(g, row, rows, tile, tile_stride, activation_hard_swish); break;
    case activation_leaky_relu: finish_rows_f32(g, row, rows, tile, tile_stride, activation_leaky_relu); break;
    default: finish_rows_f32(g, row, rows, tile, tile_stride, g->epilogue.activation); break;
  }
}

// Whether an epilogue has neither an operand per row but the residual nor an activation beyond clip.
INLINE int vfinishes_simply_f32(const EpilogueF32 *e) {
  return !e->row_bias && (e->activation == activation_none || e->activation == activation_clip);
}

// As finish_f32, from registers: `rows` × `nv` vectors, `tail` columns in the last one.
INLINE void finish_registers_f32(const GemmF32 *g, size_t row, const vf acc[], int rows, int nv, size_t tail) {
  const EpilogueF32 *e = &g->epilogue;
  int clips = e->activation == activation_clip;
  vf alpha = vset(e->alpha), low = vset(clips ? e->p0 : -__builtin_inff()),
     high = vset(clips ? e->p1 : __builtin_inff());
  float *c = g->c + (ptrdiff_t)row * g->c_stride;
  const float *residual = e->residual ? e->residual + (ptrdiff_t)row * e->residual_stride : NULL;
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    int last = j == nv - 1;
    vf bias = (vf)0.0f;
    if (e->bias) bias = last ? vload_n(e->bias + j * LANES, tail) : vload(e->bias + j * LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf x = vfma(acc[r * nv + j], alpha, bias);
      if (residual) {
        const float *p = residual + r * e->residual_stride + j * LANES;
        x += last ? vload_n(p, tail) : vload(p);
      }
      x = vclip(x, low, high);
      float *p = c + r * g->c_stride + j * LANES;
      if (last) vstore_n(p, x, tail);
      else vstore(p, x);
    }
  }
}
