// Finishes rows of a tile of bare sums held in `tile` (tile_stride floats per row) and stores them to C.
static __attribute__((noinline)) void CAT(finish_f32, ISA)(const GemmF32 *g, size_t row, size_t rows, const float *tile,
                                                           size_t tile_stride) {
  const EpilogueF32 *e = &g->epilogue;
  vf p0 = vset(e->p0), p1 = vset(e->p1);
  for (size_t r = 0; r < rows; r++) {
    vf row_bias = vset(e->row_bias ? e->row_bias[row + r] : 0);
    const float *residual = e->residual ? e->residual + (ptrdiff_t)(row + r) * e->residual_stride : NULL;
    float *c = g->c + (ptrdiff_t)(row + r) * g->c_stride;
    for (size_t j = 0; j < g->columns; j += LANES) {
      size_t n = g->columns - j;
      vf x = vload(tile + r * tile_stride + j) * e->alpha + row_bias;
      if (n >= LANES) {
        if (e->bias) x += vload(e->bias + j);
        if (residual) x += vload(residual + j);
        vstore(c + j, vactivate_(x, e->activation, p0, p1, 0));
      } else {
        if (e->bias) x += vload_n(e->bias + j, n);
        if (residual) x += vload_n(residual + j, n);
        vstore_n(c + j, vactivate_(x, e->activation, p0, p1, 0), n);
      }
    }
  }
}
