#include "../math/bfloat16.h"

KERNEL(layer_normal_bf16)(const LayerNormalBF16 *r) {
  vf total = (vf)0.0f, squares = (vf)0.0f;
  for (size_t i = 0; i < r->n; i += LANES) {
    size_t n = r->n - i;
    vf x = vload_half(r->x + i, n);
    if (r->skip) x += vload_half(r->skip + i, n);
    if (r->bias) x += vload_some(r->bias + i, n);
    if (r->sum) vstore_half(r->sum + i, vnarrow(x), n);
    vstore_some(r->row + i, x, n);
    total += x;
  }
  vf mean = vset(r->is_root_mean_square ? 0.0f : reduce_lanes(total, reduce_sum) / (float)r->n);
  for (size_t i = 0; i < r->n; i += LANES) {
    size_t n = r->n - i;
    vf d = vload_some(r->row + i, n) - mean;
    if (n < LANES) d = vkeep(d, n, 0);
    squares = vfma(d, d, squares);
  }
  float variance = reduce_lanes(squares, reduce_sum) / (float)r->n;
  vf factor = vset(1 / __builtin_sqrtf(variance + r->epsilon));
  for (size_t i = 0; i < r->n; i += LANES) {
    size_t n = r->n - i;
    vf shift = r->shift ? vload_some(r->shift + i, n) : (vf)0.0f;
    vf y = vfma((vload_some(r->row + i, n) - mean) * factor, vload_some(r->scale + i, n), shift);
    vstore_half(r->y + i, vnarrow(y), n);
  }
}
