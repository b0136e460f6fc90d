// Rules that weights are updated by: one pass over weight, gradient and moments.
#define EACH(n) for (size_t i = 0, width; i < (n) && (width = (n) - i, 1); i += LANES)
#define ROOT(x) __builtin_elementwise_sqrt(x)

// The gradient as the rule sees it.
INLINE vf update_gradient_(const UpdateF32 *u, size_t i, size_t width, vf w) {
  vf g = vload_some(u->gradient + i, width) * u->scale;
  return u->decay == 0 ? g : vfma(w, vset(u->decay), g);
}

INLINE void update_sgd_(const UpdateF32 *u, float kept, float taken, int nesterov, int has_moment) {
  vf rate = vset(-u->rate), k = vset(kept), t = vset(taken);
  EACH(u->n) {
    vf w = vload_some(u->weight + i, width), g = update_gradient_(u, i, width, w);
    if (has_moment) {
      vf v = vfma(vload_some(u->first + i, width), k, g * t);
      vstore_some(u->first_out + i, v, width);
      g = nesterov ? vfma(v, k, g) : v;
    }
    vstore_some(u->weight_out + i, vfma(g, rate, w), width);
  }
}
KERNEL(update_sgd_f32)(const UpdateF32 *u, float kept, float taken, int32_t nesterov) {
  if (!u->first) update_sgd_(u, kept, taken, 0, 0);
  else if (nesterov) update_sgd_(u, kept, taken, 1, 1);
  else update_sgd_(u, kept, taken, 0, 1);
}

// m' and v' of element i and its neighbours, stored.
INLINE void update_moments_(const UpdateF32 *u, const MomentsF32 *p, size_t i, size_t width, vf g, vf *m, vf *v) {
  vf first = vload_some(u->first + i, width);
  *m = vfma(g - first, vset(p->first_taken), first);
  *v = vfma(g * g, vset(p->second_added), vload_some(u->second + i, width) * p->second_kept);
  vstore_some(u->first_out + i, *m, width);
  vstore_some(u->second_out + i, *v, width);
}

KERNEL(update_adam_f32)(const UpdateF32 *u, const MomentsF32 *p, float shrink) {
  vf rate = vset(-u->rate), root = vset(p->root), epsilon = vset(p->epsilon);
  EACH(u->n) {
    vf w = vload_some(u->weight + i, width), m, v;
    update_moments_(u, p, i, width, update_gradient_(u, i, width, w), &m, &v);
    vf step = m / (ROOT(v) / root + epsilon);
    vstore_some(u->weight_out + i, vfma(step, rate, w * shrink), width);
  }
}

KERNEL(update_rmsprop_f32)(const UpdateF32 *u, float kept, float added, float momentum, float epsilon) {
  vf rate = vset(-u->rate);
  EACH(u->n) {
    vf w = vload_some(u->weight + i, width), g = update_gradient_(u, i, width, w);
    vf s = vfma(g * g, vset(added), vload_some(u->first + i, width) * kept), spread = s;
    vstore_some(u->first_out + i, s, width);
    if (u->second) {
      vf a = vload_some(u->second + i, width);
      a = vfma(g - a, vset(added), a);
      vstore_some(u->second_out + i, a, width);
      spread = s - a * a;
    }
    vf step = g / (ROOT(spread) + epsilon);
    if (u->third) {
      step = vfma(vload_some(u->third + i, width), vset(momentum), step);
      vstore_some(u->third_out + i, step, width);
    }
    vstore_some(u->weight_out + i, vfma(step, rate, w), width);
  }
}

KERNEL(update_adagrad_f32)(const UpdateF32 *u, float epsilon) {
  vf rate = vset(-u->rate);
  EACH(u->n) {
    vf w = vload_some(u->weight + i, width), g = update_gradient_(u, i, width, w);
    vf s = vfma(g, g, vload_some(u->first + i, width));
    vstore_some(u->first_out + i, s, width);
    vstore_some(u->weight_out + i, vfma(g / (ROOT(s) + epsilon), rate, w), width);
  }
}

INLINE vf lamb_direction_(const MomentsF32 *p, vf correction, vf decay, vf w, vf m, vf v) {
  return vfma(w, decay, m / correction / (ROOT(v) / p->root + p->epsilon));
}
KERNEL(lamb_direction_f32)(const UpdateF32 *u, const MomentsF32 *p, float correction, float decay, double *sums) {
  vf weights = vset(0), steps = vset(0);
  EACH(u->n) {
    vf w = vload_some(u->weight + i, width), m, v;
    update_moments_(u, p, i, width, vload_some(u->gradient + i, width) * u->scale, &m, &v);
    vf r = lamb_direction_(p, vset(correction), vset(decay), w, m, v);
    weights = vfma(w, w, weights);
    // Lanes behind the end are 0 in w, m and v; an epsilon of 0 would make them NaN.
    if (width < LANES) for (size_t j = width; j < LANES; j++) r[j] = 0;
    steps = vfma(r, r, steps);
  }
  for (size_t j = 0; j < LANES; j++) {
    sums[0] += weights[j];
    sums[1] += steps[j];
  }
}
KERNEL(lamb_step_f32)(const UpdateF32 *u, const MomentsF32 *p, float correction, float decay) {
  vf rate = vset(-u->rate);
  EACH(u->n) {
    vf w = vload_some(u->weight + i, width);
    vf m = vload_some(u->first_out + i, width), v = vload_some(u->second_out + i, width);
    vf r = lamb_direction_(p, vset(correction), vset(decay), w, m, v);
    vstore_some(u->weight_out + i, vfma(r, rate, w), width);
  }
}

KERNEL(blend_f32)(const float *a, const float *b, float kept, float taken, size_t n, float *y) {
  EACH(n) {
    vf v = vload_some(b + i, width) * taken;
    if (kept != 0) v = vfma(vload_some(a + i, width), vset(kept), v);
    vstore_some(y + i, v, width);
  }
}

KERNEL(regularize_f32)(const float *w, const float *g, float square, float absolute, size_t n, float *y) {
  EACH(n) {
    vf x = vload_some(w + i, width), v = vfma(x, vset(square), vload_some(g + i, width));
    vf sign = x > 0 ? vset(absolute) : x < 0 ? vset(-absolute) : vset(0);
    vstore_some(y + i, v + sign, width);
  }
}

KERNEL(square_sum_f32)(const float *x, size_t n, double *sum) {
  vf a = vset(0), b = vset(0);
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    vf first = vload(x + i), second = vload(x + i + LANES);
    a = vfma(first, first, a);
    b = vfma(second, second, b);
  }
  for (; i < n; i += LANES) {
    vf rest = vload_some(x + i, n - i);
    a = vfma(rest, rest, a);
  }
  for (size_t j = 0; j < LANES; j++) *sum += (double)a[j] + (double)b[j];
}
#undef EACH
#undef ROOT
