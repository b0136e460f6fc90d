// Byte-strided sources may lie anywhere in a mapped file, so elements are read with memcpy.
INLINE uint32_t load32(const char *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

// Panel columns n0..<n0+count, padded with zeros to `width`.
static void CAT(pack_panel_f32, ISA)(const PackB *p, size_t n0, size_t count, size_t width, float *out) {
  const char *source = (const char *)p->source + (ptrdiff_t)n0 * p->column_stride;
  enum { strip = 16 };
  for (size_t k0 = 0; k0 < p->k; k0 += strip) {
    size_t k1 = k0 + strip < p->k ? k0 + strip : p->k;
    if (p->column_stride == 4) {
      for (size_t k = k0; k < k1; k++) {
        memcpy(out + k * width, source + (ptrdiff_t)k * p->row_stride, count * 4);
        if (count < width) memset(out + k * width + count, 0, (width - count) * 4);
      }
      continue;
    }
    for (size_t n = 0; n < width; n++) {
      const char *column = source + (ptrdiff_t)n * p->column_stride;
      for (size_t k = k0; k < k1; k++) {
        uint32_t v = n < count ? load32(column + (ptrdiff_t)k * p->row_stride) : 0;
        memcpy(out + k * width + n, &v, 4);
      }
    }
  }
}

KERNEL(pack_f32)(const PackB *p) {
  float *out = p->panels;
  for (size_t n = 0; n < p->n; n += PANEL_VECTORS * LANES) {
    size_t count = p->n - n < PANEL_VECTORS * LANES ? p->n - n : PANEL_VECTORS * LANES;
    size_t width = (count + LANES - 1) / LANES * LANES;
    CAT(pack_panel_f32, ISA)(p, n, count, width, out);
    out += p->k * width;
  }
}

KERNEL(pack_i8)(const PackBI8 *p) {
  int8_t *out = p->panels;
  size_t depth4 = (p->depth + 3) / 4 * 4;
  uint8_t flip = p->is_unsigned ? 0x80 : 0;
  for (size_t n0 = 0; n0 < p->n; n0 += PANEL_VECTORS * LANES) {
    size_t count = p->n - n0 < PANEL_VECTORS * LANES ? p->n - n0 : PANEL_VECTORS * LANES;
    size_t width = (count + LANES - 1) / LANES * LANES;
    memset(out, 0, p->taps * depth4 * width);
    memset(p->sums + n0, 0, width * 4);
    for (size_t t = 0; t < p->taps; t++)
      for (size_t n = 0; n < count; n++) {
        const uint8_t *column =
            (const uint8_t *)p->source + (ptrdiff_t)t * p->tap_stride + (ptrdiff_t)(n0 + n) * p->column_stride;
        int32_t sum = 0;
        for (size_t k = 0; k < p->depth; k++) {
          int8_t v = (int8_t)(column[(ptrdiff_t)k * p->row_stride] ^ flip);
          out[((t * depth4 + k) / 4 * width + n) * 4 + k % 4] = v;
          sum += v;
        }
        p->sums[n0 + n] += sum;
      }
    out += p->taps * depth4 * width;
  }
}
