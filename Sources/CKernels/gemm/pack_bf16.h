// y = factor · x.
KERNEL(narrow_bf16)(const float *x, uint16_t *y, size_t n, float factor) {
  for (size_t i = 0; i < n; i += LANES) vstore_half(y + i, vnarrow(vload_some(x + i, n - i) * factor), n - i);
}

// Rows of bfloat16 k × n (n up to `width`, a panel's) to pairs of rows [padded_k/2][width][2], filled up with zeros.
KERNEL(pair_bf16)(const uint16_t *x, ptrdiff_t stride, size_t k, size_t padded_k, size_t n, uint16_t *panel,
                  size_t width) {
  for (size_t p = 0; p < padded_k; p += 2, panel += 2 * width) {
    const uint16_t *row = x + (ptrdiff_t)p * stride;
    for (size_t j = 0; j < width; j += LANES) {
      vi low = (vi)0, high = (vi)0;
      if (j < n && p < k) low = vbits(vload_half(row + j, n - j));
      if (j < n && p + 1 < k) high = vbits(vload_half(row + stride + j, n - j));
      vstorei((int32_t *)(void *)(panel + 2 * j), (vi)((vu)low >> 16) | high);
    }
  }
}

// As pair_bf16 for rows at x + offsets[…]; rows of negative offsets are zeros.
KERNEL(pair_rows_bf16)(const uint16_t *x, const int32_t *offsets, size_t k, size_t padded_k, size_t n, uint16_t *panel,
                       size_t width) {
  for (size_t p = 0; p < padded_k; p += 2, panel += 2 * width) {
    const uint16_t *even = p < k && offsets[p] >= 0 ? x + offsets[p] : NULL;
    const uint16_t *odd = p + 1 < k && offsets[p + 1] >= 0 ? x + offsets[p + 1] : NULL;
    for (size_t j = 0; j < width; j += LANES) {
      vi low = (vi)0, high = (vi)0;
      if (j < n && even) low = vbits(vload_half(even + j, n - j));
      if (j < n && odd) high = vbits(vload_half(odd + j, n - j));
      vstorei((int32_t *)(void *)(panel + 2 * j), (vi)((vu)low >> 16) | high);
    }
  }
}

KERNEL(pack_bf16)(const PackBF16 *p) {
  uint16_t *out = p->panels;
  for (size_t n0 = 0; n0 < p->n; n0 += PANEL_VECTORS * LANES) {
    size_t count = p->n - n0 < PANEL_VECTORS * LANES ? p->n - n0 : PANEL_VECTORS * LANES;
    size_t width = (count + LANES - 1) / LANES * LANES;
    for (size_t t = 0; t < p->taps; t++)
      for (size_t k = 0; k < p->padded_depth; k++) {
        const char *source = (const char *)p->source + (ptrdiff_t)t * p->tap_stride + (ptrdiff_t)k * p->row_stride +
                             (ptrdiff_t)n0 * p->column_stride;
        uint16_t *row = out + (t * p->padded_depth + k) / 2 * width * 2 + k % 2;
        for (size_t n = 0; n < width; n += LANES) {
          float values[LANES] = {0};
          for (size_t i = 0; i < LANES && n + i < count && k < p->depth; i++)
            memcpy(&values[i], source + (ptrdiff_t)(n + i) * p->column_stride, 4);
          vh narrow = vnarrow(vload(values));
          for (size_t i = 0; i < LANES; i++) row[(n + i) * 2] = narrow[i];
        }
      }
    out += p->taps * p->padded_depth * width;
  }
}
