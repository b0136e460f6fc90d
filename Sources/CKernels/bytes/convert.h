KERNEL(quantize)(const float *x, uint8_t *y, size_t n, float scale, int32_t zero, int32_t is_signed) {
  float least = (float)((is_signed ? -128 : 0) - zero);
  Quantizer q = {vset(least), vset(least + 255), (vf)1.0f, zero};
  for (size_t i = 0; i < n; i += LANES)
    vstore_bytes(y + i, vquantize(vload_some(x + i, n - i) / vset(scale), &q), n - i);
}

KERNEL(dequantize)(const uint8_t *x, float *y, size_t n, float scale, int32_t zero, int32_t is_signed) {
  // s8 as u8, 128 higher.
  vi flip = vseti(is_signed ? 0x80 : 0), shift = vseti(zero + (is_signed ? 128 : 0));
  for (size_t i = 0; i < n; i += LANES)
    vstore_some(y + i, vfrom((vload_bytes(x + i, n - i, 0) ^ flip) - shift) * vset(scale), n - i);
}

KERNEL(extremes)(const float *x, size_t n, float *low, float *high) {
  vf least[4], most[4];
  for (int j = 0; j < 4; j++) {
    least[j] = vset(*low);
    most[j] = vset(*high);
  }
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES)
    for (int j = 0; j < 4; j++) {
      vf v = vload(x + i + (size_t)j * LANES);
      least[j] = v < least[j] ? v : least[j];
      most[j] = v > most[j] ? v : most[j];
    }
  for (; i < n; i++) {
    if (x[i] < *low) *low = x[i];
    if (x[i] > *high) *high = x[i];
  }
  for (int j = 0; j < 4; j++)
    for (int lane = 0; lane < LANES; lane++) {
      if (least[j][lane] < *low) *low = least[j][lane];
      if (most[j][lane] > *high) *high = most[j][lane];
    }
}
