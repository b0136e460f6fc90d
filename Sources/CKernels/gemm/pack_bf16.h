KERNEL(narrow_bf16)(const float *x, uint16_t *y, size_t n) {
  for (size_t i = 0; i < n; i += LANES) vstore_half(y + i, vnarrow(vload_some(x + i, n - i)), n - i);
}

KERNEL(pack_bf16)(const PackBF16 *p) {
  uint16_t *out = p->panels;
  size_t depth2 = (p->depth + 1) / 2 * 2;
  for (size_t n0 = 0; n0 < p->n; n0 += PANEL_VECTORS * LANES) {
    size_t count = p->n - n0 < PANEL_VECTORS * LANES ? p->n - n0 : PANEL_VECTORS * LANES;
    size_t width = (count + LANES - 1) / LANES * LANES;
    for (size_t t = 0; t < p->taps; t++)
      for (size_t k = 0; k < depth2; k++) {
        const char *source = (const char *)p->source + (ptrdiff_t)t * p->tap_stride + (ptrdiff_t)k * p->row_stride +
                             (ptrdiff_t)n0 * p->column_stride;
        uint16_t *row = out + (t * depth2 + k) / 2 * width * 2 + k % 2;
        for (size_t n = 0; n < width; n += LANES) {
          float values[LANES] = {0};
          for (size_t i = 0; i < LANES && n + i < count && k < p->depth; i++)
            memcpy(&values[i], source + (ptrdiff_t)(n + i) * p->column_stride, 4);
          vh narrow = vnarrow(vload(values));
          for (size_t i = 0; i < LANES; i++) row[(n + i) * 2] = narrow[i];
        }
      }
    out += p->taps * depth2 * width;
  }
}
