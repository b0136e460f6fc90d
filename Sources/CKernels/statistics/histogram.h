KERNEL(range_f32)(const float *x, size_t n, float *range) {
  const vf infinity = vset(__builtin_inff());
  vf low = vset(range[0]), high = vset(range[1]);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vf v = vload(x + i);
    vi finite = (v < infinity) & (v > -infinity);
    vf lower = finite ? v : low, upper = finite ? v : high;
    low = lower < low ? lower : low;
    high = upper > high ? upper : high;
  }
  for (size_t j = 0; j < LANES; j++) {
    if (low[j] < range[0]) range[0] = low[j];
    if (high[j] > range[1]) range[1] = high[j];
  }
  for (; i < n; i++) {
    if (!__builtin_isfinite(x[i])) continue;
    if (x[i] < range[0]) range[0] = x[i];
    if (x[i] > range[1]) range[1] = x[i];
  }
}

// Four interleaved histograms, so that equal neighbours do not wait for each other's store.
KERNEL(histogram_f32)(const float *x, size_t n, float limit, size_t bins, uint32_t *work, double *counts) {
  const float scale = (float)bins / (2 * limit), last = (float)bins - 1;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vf v = vload(x + i);
    vf position = (v + limit) * scale;
    vi inside = (v <= limit) & (v >= -limit);
    position = position > last ? vset(last) : position;
    vi bin = __builtin_convertvector(inside ? position : vset(0), vi);
    for (size_t j = 0; j < LANES; j++) work[(size_t)bin[j] * 4 + (j & 3)] += (uint32_t)(inside[j] & 1);
  }
  for (; i < n; i++) {
    if (!(x[i] <= limit && x[i] >= -limit)) continue;
    float position = (x[i] + limit) * scale;
    work[(size_t)(position > last ? last : position) * 4] += 1;
  }
  for (size_t b = 0; b < bins; b++) {
    counts[b] += (double)work[b * 4] + work[b * 4 + 1] + work[b * 4 + 2] + work[b * 4 + 3];
    work[b * 4] = work[b * 4 + 1] = work[b * 4 + 2] = work[b * 4 + 3] = 0;
  }
}
