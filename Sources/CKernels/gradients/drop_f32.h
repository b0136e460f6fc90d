// Multiplications and shifts that spread every bit of the index over the result.
INLINE vu drop_hash(vu x, uint32_t a, uint32_t b) {
  x = (x ^ a) * 0x9e3779b1u;
  x = (x ^ (x >> 15)) * 0x85ebca77u;
  x = ((x ^ (x >> 13)) + b) * 0xc2b2ae3du;
  return x ^ (x >> 16);
}

KERNEL(drop_f32)(const DropF32 *d) {
  vu lane;
  for (int i = 0; i < LANES; i++) lane[i] = (uint32_t)i;
  for (size_t i = 0; i < d->n; i += LANES) {
    size_t n = d->n - i;
    vi kept = drop_hash(lane + (d->first + (uint32_t)i), d->keys[0], d->keys[1]) >= d->threshold;
    vf x = vload_some(d->x + i, n) * d->scale;
    vstore_some(d->y + i, kept ? x : (vf)0.0f, n);
  }
}
