// Whether an epilogue has neither an operand per row but the residual nor an activation beyond clip.
INLINE int vfinishes_simply_f32(const EpilogueF32 *e) {
  return !e->row_bias && (e->activation == activation_none || e->activation == activation_clip);
}

// Finishes `rows` × `nv` vectors of sums, of which the last of each row has `tail` columns. With a `tile`, they are stored
// there side by side, not yet activated; without one, the epilogue is simple and they are stored to C.
INLINE void finish_registers_f32(const GemmF32 *g, size_t row, const vf acc[], int rows, int nv, size_t tail,
                                 float *tile) {
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
      if (tile && e->row_bias) x += e->row_bias[row + (size_t)r];
      if (residual) {
        const float *p = residual + r * e->residual_stride + j * LANES;
        x += last ? vload_n(p, tail) : vload(p);
      }
      if (tile) {
        vstore(tile + (r * nv + j) * LANES, x);
        continue;
      }
      x = vclip(x, low, high);
      float *p = c + r * g->c_stride + j * LANES;
      if (last) vstore_n(p, x, tail);
      else vstore(p, x);
    }
  }
}

// Tiles of up to 12 × 4 vectors, side by side, and as many more as make a whole number of groups.
enum { tile_most = 12 * 4 };

INLINE void activate_rows_f32(const GemmF32 *g, size_t row, size_t rows, float *tile, size_t nv, int activation) {
  vf p0 = vset(g->epilogue.p0), p1 = vset(g->epilogue.p1);
  const float *end = tile + rows * nv * LANES;
  int whole = g->columns == nv * LANES;
  float *c = g->c + (ptrdiff_t)row * g->c_stride;
  size_t column = 0;
  for (float *group = tile; group < end; group += each_most * LANES) {
    vf x[each_most];
    EACH_VECTOR(i, each_most) x[i] = vload(group + i * LANES);
    vactivate_each(x, each_most, activation, p0, p1, 0);
    EACH_VECTOR(i, each_most) {
      if (!whole) {
        vstore(group + i * LANES, x[i]);
      } else if (group + i * LANES < end) {
        vstore(c + column, x[i]);
        column += LANES;
        if (column == g->columns) c += g->c_stride, column = 0;
      }
    }
  }
  for (size_t r = 0; !whole && r < rows; r++, c += g->c_stride)
    for (size_t j = 0; j < nv; j++, tile += LANES) vstore_some(c + j * LANES, vload(tile), g->columns - j * LANES);
}

// Activates a tile and stores it to C.
static __attribute__((noinline)) void CAT(activate_f32, ISA)(const GemmF32 *g, size_t row, size_t rows, float *tile,
                                                             size_t nv) {
  switch (g->epilogue.activation) {
    case activation_none: activate_rows_f32(g, row, rows, tile, nv, activation_none); break;
    case activation_clip: activate_rows_f32(g, row, rows, tile, nv, activation_clip); break;
    case activation_silu: activate_rows_f32(g, row, rows, tile, nv, activation_silu); break;
    case activation_sigmoid: activate_rows_f32(g, row, rows, tile, nv, activation_sigmoid); break;
    case activation_gelu: activate_rows_f32(g, row, rows, tile, nv, activation_gelu); break;
    case activation_gelu_tanh: activate_rows_f32(g, row, rows, tile, nv, activation_gelu_tanh); break;
    case activation_hard_swish: activate_rows_f32(g, row, rows, tile, nv, activation_hard_swish); break;
    case activation_leaky_relu: activate_rows_f32(g, row, rows, tile, nv, activation_leaky_relu); break;
    default: activate_rows_f32(g, row, rows, tile, nv, g->epilogue.activation); break;
  }
}

// Finishes any epilogue through a tile in memory.
INLINE void finish_tile_f32(const GemmF32 *g, size_t row, const vf acc[], int rows, int nv, size_t tail) {
  _Alignas(64) float tile[tile_most * LANES];
  finish_registers_f32(g, row, acc, rows, nv, tail, tile);
#pragma clang loop unroll(full)
  for (int i = rows * nv; i % each_most != 0; i++) vstore(tile + i * LANES, (vf)0.0f);
  CAT(activate_f32, ISA)(g, row, (size_t)rows, tile, (size_t)nv);
}
