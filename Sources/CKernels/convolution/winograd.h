// Minimal filtering of 3×3 windows, F(m×m, 3×3) with m = 2 or 4 (Lavin & Gray, https://arxiv.org/abs/1509.09308):
// y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A. The points of F(4,3) are 0, ±√½, ±√2 and ∞, whose transforms hardly amplify rounding.
enum { winograd_most = 6 };

#define ROOT2 1.41421356237309504880
#define ROOT_HALF 0.70710678118654752440

// One axis of Bᵀ d B.
INLINE void winograd_input_axis(const vf d[], vf v[], int m) {
  if (m == 2) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
    return;
  }
  vf most = vset(-2.5f), p = vset((float)ROOT_HALF), q = vset((float)ROOT2);
  v[0] = vfma(most, d[2], d[0] + d[4]);
  v[5] = vfma(most, d[3], d[1] + d[5]);
  vf even = vfma(vset(-2.0f), d[2], d[4]), odd = vfma(vset(-2.0f), d[1], d[3]);
  v[1] = vfma(p, odd, even);
  v[2] = vfma(-p, odd, even);
  even = vfma(vset(-0.5f), d[2], d[4]), odd = vfma(vset(-0.5f), d[1], d[3]);
  v[3] = vfma(q, odd, even);
  v[4] = vfma(-q, odd, even);
}

// One axis of Aᵀ s A.
INLINE void winograd_output_axis(const vf s[], vf y[], int m) {
  vf sum = s[1] + s[2], difference = s[1] - s[2];
  if (m == 2) {
    y[0] = s[0] + sum;
    y[1] = difference - s[3];
    return;
  }
  vf sum2 = s[3] + s[4], difference2 = s[3] - s[4];
  vf p = vset((float)ROOT_HALF), q = vset((float)ROOT2);
  y[0] = s[0] + sum + sum2;
  y[1] = vfma(q, difference2, p * difference);
  y[2] = vfma(vset(2.0f), sum2, vset(0.5f) * sum);
  y[3] = vfma(vset((float)(2 * ROOT2)), difference2, vfma(vset((float)(ROOT_HALF / 2)), difference, s[5]));
}

typedef double vd __attribute__((ext_vector_type(LANES)));

// One axis of G g Gᵀ.
INLINE void winograd_weight_axis(const vd g[], vd u[], int m) {
  if (m == 2) {
    vd sum = (g[0] + g[2]) * 0.5, half = g[1] * 0.5;
    u[0] = g[0];
    u[1] = sum + half;
    u[2] = sum - half;
    u[3] = g[2];
    return;
  }
  vd even = (g[0] + g[2] * 0.5) * (-2.0 / 3), odd = g[1] * (-ROOT2 / 3);
  u[0] = g[0];
  u[1] = even + odd;
  u[2] = even - odd;
  even = (g[0] + g[2] * 2.0) * (1.0 / 6), odd = g[1] * (ROOT2 / 6);
  u[3] = even + odd;
  u[4] = even - odd;
  u[5] = g[2];
}

// Where tile `index` of a batch lies: its image, and its first output position.
typedef struct {
  size_t image;
  ptrdiff_t y, x;
} WinogradPlace;

INLINE WinogradPlace winograd_place(const WinogradTiles *t, size_t index) {
  size_t across = (size_t)(t->output_width + t->size - 1) / (size_t)t->size;
  size_t down = (size_t)(t->output_height + t->size - 1) / (size_t)t->size;
  size_t row = index / across;
  return (WinogradPlace){row / down, (ptrdiff_t)(row % down) * t->size, (ptrdiff_t)(index % across) * t->size};
}

// One tile; `checked` where it reaches out of the image.
INLINE void winograd_input_tile(const WinogradInput *given, const float *x, ptrdiff_t y0, ptrdiff_t x0, float *v, int m,
                                int checked) {
  WinogradInput w = *given;
  enum { n2 = winograd_most * winograd_most };
  int n = m + 2;
  ptrdiff_t height = w.tiles.height, width = w.tiles.width;
  x += (y0 * width + x0) * w.x_stride;
  for (size_t c = 0; c < w.channels; c += LANES) {
    size_t count = w.channels - c;
    vf half[n2];
#pragma clang loop unroll(full)
    for (int j = 0; j < n; j++) {
      vf d[winograd_most], t[winograd_most];
#pragma clang loop unroll(full)
      for (int i = 0; i < n; i++) {
        if (checked && (y0 + i < 0 || y0 + i >= height || x0 + j < 0 || x0 + j >= width)) d[i] = (vf)0.0f;
        else d[i] = vload_some(x + (i * width + j) * w.x_stride + (ptrdiff_t)c, count);
      }
      winograd_input_axis(d, t, m);
#pragma clang loop unroll(full)
      for (int i = 0; i < n; i++) half[i * n + j] = t[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < n; i++) {
      vf t[winograd_most];
      winograd_input_axis(half + i * n, t, m);
#pragma clang loop unroll(full)
      for (int j = 0; j < n; j++) vstore(v + (i * n + j) * w.point_stride + (ptrdiff_t)c, t[j]);
    }
  }
}

#define INPUT(m)                                                                                                      \
  static __attribute__((noinline)) void CAT(winograd_input_##m, ISA)(const WinogradInput *w, size_t index) {         \
    const WinogradTiles *t = &w->tiles;                                                                               \
    WinogradPlace place = winograd_place(t, t->begin + index);                                                        \
    const float *x = w->x + (ptrdiff_t)place.image * t->height * t->width * w->x_stride;                              \
    float *v = w->v + (ptrdiff_t)index * w->v_stride;                                                                 \
    ptrdiff_t y0 = place.y - t->pad_top, x0 = place.x - t->pad_left;                                                  \
    if (y0 >= 0 && x0 >= 0 && y0 + m + 2 <= t->height && x0 + m + 2 <= t->width)                                      \
      winograd_input_tile(w, x, y0, x0, v, m, 0);                                                                     \
    else winograd_input_tile(w, x, y0, x0, v, m, 1);                                                                  \
  }
INPUT(2)
INPUT(4)
#undef INPUT

KERNEL(winograd_input)(const WinogradInput *w) {
  for (size_t i = 0; i < w->tiles.count; i++) {
    if (w->tiles.size == 2) CAT(winograd_input_2, ISA)(w, i);
    else CAT(winograd_input_4, ISA)(w, i);
  }
}

// Kept out of line: activations take many registers.
static __attribute__((noinline)) vf CAT(winograd_activate, ISA)(vf x, const EpilogueF32 *e) {
  return vactivate_(x, e->activation, vset(e->p0), vset(e->p1), 0);
}

// One tile; `checked` where it reaches out of the output or the epilogue is not simple.
INLINE void winograd_output_tile(const WinogradOutput *given, size_t image, ptrdiff_t y0, ptrdiff_t x0, const float *s,
                                 int m, int checked) {
  WinogradOutput w = *given;
  enum { n2 = winograd_most * winograd_most };
  int n = m + 2;
  ptrdiff_t height = w.tiles.output_height, width = w.tiles.output_width;
  const EpilogueF32 *e = &w.epilogue;
  ptrdiff_t pixel = ((ptrdiff_t)image * height + y0) * width + x0;
  float *y = w.y + pixel * w.y_stride;
  const float *residual = e->residual ? e->residual + pixel * e->residual_stride : NULL;
  int clips = e->activation == activation_clip;
  int plain = clips || e->activation == activation_none;
  vf alpha = vset(e->alpha), low = vset(clips ? e->p0 : -__builtin_inff()),
     high = vset(clips ? e->p1 : __builtin_inff());
  for (size_t c = 0; c < w.channels; c += LANES) {
    size_t count = w.channels - c;
    vf half[n2];
#pragma clang loop unroll(full)
    for (int j = 0; j < n; j++) {
      vf d[winograd_most], t[winograd_most];
#pragma clang loop unroll(full)
      for (int i = 0; i < n; i++) d[i] = vload(s + (i * n + j) * w.point_stride + (ptrdiff_t)c);
      winograd_output_axis(d, t, m);
#pragma clang loop unroll(full)
      for (int i = 0; i < m; i++) half[i * n + j] = t[i];
    }
    vf bias = e->bias ? vload_some(e->bias + c, count) : (vf)0.0f;
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      if (checked && y0 + i >= height) break;
      vf t[winograd_most];
      winograd_output_axis(half + i * n, t, m);
#pragma clang loop unroll(full)
      for (int j = 0; j < m; j++) {
        if (checked && x0 + j >= width) break;
        vf v = vfma(t[j], alpha, bias);
        ptrdiff_t at = i * width + j;
        if (residual) v += vload_some(residual + at * e->residual_stride + (ptrdiff_t)c, count);
        if (!checked || plain) v = vclip(v, low, high);
        else v = CAT(winograd_activate, ISA)(v, &given->epilogue);
        vstore_some(y + at * w.y_stride + (ptrdiff_t)c, v, count);
      }
    }
  }
}

#define OUTPUT(m)                                                                                                     \
  static __attribute__((noinline)) void CAT(winograd_output_##m, ISA)(const WinogradOutput *w, size_t index) {       \
    const WinogradTiles *t = &w->tiles;                                                                               \
    WinogradPlace place = winograd_place(t, t->begin + index);                                                        \
    const float *s = w->s + (ptrdiff_t)index * w->s_stride;                                                           \
    int32_t activation = w->epilogue.activation;                                                                      \
    int plain = activation == activation_none || activation == activation_clip;                                       \
    if (plain && place.y + m <= t->output_height && place.x + m <= t->output_width)                                   \
      winograd_output_tile(w, place.image, place.y, place.x, s, m, 0);                                                \
    else winograd_output_tile(w, place.image, place.y, place.x, s, m, 1);                                             \
  }
OUTPUT(2)
OUTPUT(4)
#undef OUTPUT

KERNEL(winograd_output)(const WinogradOutput *w) {
  for (size_t i = 0; i < w->tiles.count; i++) {
    if (w->tiles.size == 2) CAT(winograd_output_2, ISA)(w, i);
    else CAT(winograd_output_4, ISA)(w, i);
  }
}

// Elements whose sums are collected before they are stored, since stores far apart would fall into one set of the cache.
enum { winograd_chunk = 8 * LANES };

INLINE void winograd_weights_vector(const WinogradWeights *w, size_t i, float *u, int m) {
  int n = m + 2;
  vd half[winograd_most * 3];
#pragma clang loop unroll(full)
  for (int j = 0; j < 3; j++) {
    vd g[3], t[winograd_most];
#pragma clang loop unroll(full)
    for (int k = 0; k < 3; k++)
      g[k] = __builtin_convertvector(vload(w->taps + (size_t)(k * 3 + j) * w->count + i), vd);
    winograd_weight_axis(g, t, m);
#pragma clang loop unroll(full)
    for (int k = 0; k < n; k++) half[k * 3 + j] = t[k];
  }
#pragma clang loop unroll(full)
  for (int k = 0; k < n; k++) {
    vd t[winograd_most];
    winograd_weight_axis(half + k * 3, t, m);
#pragma clang loop unroll(full)
    for (int j = 0; j < n; j++) vstore(u + (k * n + j) * winograd_chunk, __builtin_convertvector(t[j], vf));
  }
}

#define WEIGHTS(m)                                                                                                    \
  static __attribute__((noinline)) void CAT(winograd_weights_##m, ISA)(const WinogradWeights *w) {                   \
    float u[(m + 2) * (m + 2) * winograd_chunk];                                                                      \
    for (size_t first = 0; first < w->count; first += winograd_chunk) {                                               \
      size_t count = w->count - first < winograd_chunk ? w->count - first : winograd_chunk;                           \
      for (size_t i = 0; i < count; i += LANES) winograd_weights_vector(w, first + i, u + i, m);                      \
      for (size_t point = 0; point < (m + 2) * (m + 2); point++)                                                      \
        memcpy(w->u + point * w->count + first, u + point * winograd_chunk, count * sizeof(float));                   \
    }                                                                                                                 \
  }
WEIGHTS(2)
WEIGHTS(4)
#undef WEIGHTS

KERNEL(winograd_weights)(const WinogradWeights *w) {
  if (w->size == 2) CAT(winograd_weights_2, ISA)(w);
  else CAT(winograd_weights_4, ISA)(w);
}
#undef ROOT2
#undef ROOT_HALF
