// The standard activations without a branch per vector.
INLINE vf vgate(vf x, int standard, int code, float p0, float p1, int is_tanh) {
  if (standard) return is_tanh ? vtanh_near(x) : vsigmoid_near(x);
  if (code == activation_none) return x;
  return vactivate_(x, code, vset(p0), vset(p1), 0);
}
INLINE void lstm_step(const LstmStep *s, int standard) {
  size_t hidden = s->hidden;
  vf low = vset(-s->clip), high = vset(s->clip);
  for (size_t row = 0; row < s->rows; row++) {
    const float *gates = s->gates + (ptrdiff_t)row * s->gates_stride;
    const float *more = s->gates2 ? s->gates2 + (ptrdiff_t)row * s->gates2_stride : NULL;
    for (size_t j = 0; j < hidden; j += LANES) {
      size_t n = hidden - j;
      vf gate[4];
#pragma clang loop unroll(full)
      for (size_t k = 0; k < 4; k++) {
        gate[k] = vload_some(gates + k * hidden + j, n);
        if (more) gate[k] += vload_some(more + k * hidden + j, n);
      }
      vf before = vload_some(s->cell_before + (ptrdiff_t)row * s->cell_before_stride + j, n);
      if (s->peepholes) {
        gate[0] = vfma(vload_some(s->peepholes + j, n), before, gate[0]);
        gate[2] = vfma(vload_some(s->peepholes + 2 * hidden + j, n), before, gate[2]);
      }
      vf i = vgate(vclip(gate[0], low, high), standard, s->activations[0], s->p0[0], s->p1[0], 0);
      vf f = s->input_forget ? 1.0f - i
                             : vgate(vclip(gate[2], low, high), standard, s->activations[0], s->p0[0], s->p1[0], 0);
      vf c = vgate(vclip(gate[3], low, high), standard, s->activations[1], s->p0[1], s->p1[1], 1);
      vf cell = vfma(f, before, i * c);
      if (s->peepholes) gate[1] = vfma(vload_some(s->peepholes + hidden + j, n), cell, gate[1]);
      vf o = vgate(vclip(gate[1], low, high), standard, s->activations[0], s->p0[0], s->p1[0], 0);
      vf h = o * vgate(cell, standard, s->activations[2], s->p0[2], s->p1[2], 1);
      vstore_some(s->cell + (ptrdiff_t)row * s->cell_stride + j, cell, n);
      vstore_some(s->h + (ptrdiff_t)row * s->h_stride + j, h, n);
    }
  }
}

KERNEL(lstm_step_f32)(const LstmStep *s) {
  int standard = s->activations[0] == activation_sigmoid && s->activations[1] == activation_tanh &&
                 s->activations[2] == activation_tanh;
  if (standard) lstm_step(s, 1);
  else lstm_step(s, 0);
}

INLINE vf gru_gate(const GruStep *s, const float *x, const float *h, size_t n, int standard) {
  vf v = vload_some(x, n) + vload_some(h, n);
  return vgate(vclip(v, vset(-s->clip), vset(s->clip)), standard, s->activations[0], s->p0[0], s->p1[0], 0);
}
INLINE vf gru_candidate(const GruStep *s, vf v, int standard) {
  return vgate(vclip(v, vset(-s->clip), vset(s->clip)), standard, s->activations[1], s->p0[1], s->p1[1], 1);
}

INLINE void gru_step(const GruStep *s, int standard) {
  size_t hidden = s->hidden;
  for (size_t row = 0; row < s->rows; row++) {
    const float *x = s->x + (ptrdiff_t)row * s->x_stride, *h = s->h + (ptrdiff_t)row * s->h_stride;
    for (size_t j = 0; j < hidden; j += LANES) {
      size_t n = hidden - j;
      vf z = gru_gate(s, x + j, h + j, n, standard), r = gru_gate(s, x + hidden + j, h + hidden + j, n, standard);
      vf sum = vfma(r, vload_some(h + 2 * hidden + j, n), vload_some(x + 2 * hidden + j, n));
      vf candidate = gru_candidate(s, sum, standard);
      vf before = vload_some(s->before + (ptrdiff_t)row * s->before_stride + j, n);
      vstore_some(s->y + (ptrdiff_t)row * s->y_stride + j, vfma(z, before - candidate, candidate), n);
    }
  }
}

INLINE int gru_is_standard(const GruStep *s) {
  return s->activations[0] == activation_sigmoid && s->activations[1] == activation_tanh;
}

// Everything, with the reset applied after the state's product.
KERNEL(gru_step_f32)(const GruStep *s) {
  if (gru_is_standard(s)) gru_step(s, 1);
  else gru_step(s, 0);
}

// z and r · before, for a product of the reset state.
KERNEL(gru_reset_f32)(const GruStep *s) {
  size_t hidden = s->hidden;
  for (size_t row = 0; row < s->rows; row++) {
    const float *x = s->x + (ptrdiff_t)row * s->x_stride, *h = s->h + (ptrdiff_t)row * s->h_stride;
    for (size_t j = 0; j < hidden; j += LANES) {
      size_t n = hidden - j;
      vf z = gru_gate(s, x + j, h + j, n, 0), r = gru_gate(s, x + hidden + j, h + hidden + j, n, 0);
      vf before = vload_some(s->before + (ptrdiff_t)row * s->before_stride + j, n);
      vstore_some(s->z + row * hidden + j, z, n);
      vstore_some(s->reset + row * hidden + j, r * before, n);
    }
  }
}

// y from z and the candidate x[2 · hidden…] + h[0…], where h is the product of the reset state.
KERNEL(gru_update_f32)(const GruStep *s) {
  size_t hidden = s->hidden;
  for (size_t row = 0; row < s->rows; row++) {
    const float *x = s->x + (ptrdiff_t)row * s->x_stride, *h = s->h + (ptrdiff_t)row * s->h_stride;
    for (size_t j = 0; j < hidden; j += LANES) {
      size_t n = hidden - j;
      vf candidate = gru_candidate(s, vload_some(x + 2 * hidden + j, n) + vload_some(h + j, n), 0);
      vf z = vload_some(s->z + row * hidden + j, n);
      vf before = vload_some(s->before + (ptrdiff_t)row * s->before_stride + j, n);
      vstore_some(s->y + (ptrdiff_t)row * s->y_stride + j, vfma(z, before - candidate, candidate), n);
    }
  }
}
