typedef struct {
  vi a_flip, b_flip, y_flip, a_zero, b_zero;
  vf a_scale, b_scale;
  Quantizer quantizer;
} Combination;

INLINE void combine_vector(const Combination *k, const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n,
                           int repeats_a, int repeats_b, int is_product) {
  vi p = repeats_a ? vseti(*a) : vload_bytes(a, n, 0), q = repeats_b ? vseti(*b) : vload_bytes(b, n, 0);
  vf u = vfrom((p ^ k->a_flip) - k->a_zero), v = vfrom((q ^ k->b_flip) - k->b_zero);
  vf r = is_product ? u * v * k->a_scale : u * k->a_scale + v * k->b_scale;
  vstore_bytes(y, vquantize(r, &k->quantizer) ^ k->y_flip, n);
}

INLINE void combine_rows(const CombineBytes *c, int repeats_a, int repeats_b, int is_product) {
  // s8 as u8, 128 higher.
  int32_t y_zero = c->y_zero + (c->y_signed ? 128 : 0);
  Combination k = {
      .a_flip = vseti(c->a_signed ? 0x80 : 0),
      .b_flip = vseti(c->b_signed ? 0x80 : 0),
      .y_flip = vseti(c->y_signed ? 0x80 : 0),
      .a_zero = vseti(c->a_zero + (c->a_signed ? 128 : 0)),
      .b_zero = vseti(c->b_zero + (c->b_signed ? 128 : 0)),
      .a_scale = vset(c->a_scale),
      .b_scale = vset(c->b_scale),
      .quantizer = {vset((float)-y_zero), vset((float)(255 - y_zero)), (vf)1.0f, y_zero},
  };
  const uint8_t *a = c->a, *b = c->b;
  uint8_t *y = c->y;
  size_t n = c->loop.n;
  for (size_t r = 0; r < c->loop.rows; r++, a += c->loop.step[0], b += c->loop.step[1], y += n) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
      combine_vector(&k, repeats_a ? a : a + i, repeats_b ? b : b + i, y + i, LANES, repeats_a, repeats_b, is_product);
    if (i < n)
      combine_vector(&k, repeats_a ? a : a + i, repeats_b ? b : b + i, y + i, n - i, repeats_a, repeats_b, is_product);
  }
}

KERNEL(combine_bytes)(const CombineBytes *c) {
  int repeats_a = c->loop.repeat & repeat_first, repeats_b = c->loop.repeat & repeat_second;
  switch ((c->is_product ? 4 : 0) | (repeats_a ? 2 : 0) | (repeats_b ? 1 : 0)) {
    case 0: combine_rows(c, 0, 0, 0); break;
    case 1: combine_rows(c, 0, 1, 0); break;
    case 2: combine_rows(c, 1, 0, 0); break;
    case 3: combine_rows(c, 1, 1, 0); break;
    case 4: combine_rows(c, 0, 0, 1); break;
    case 5: combine_rows(c, 0, 1, 1); break;
    case 6: combine_rows(c, 1, 0, 1); break;
    default: combine_rows(c, 1, 1, 1); break;
  }
}
