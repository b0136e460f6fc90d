#include "../layout/blocks.h"

// Panel columns n0..<n0+count, padded with zeros to `width`. Sources may be unaligned, as they lie in mapped files.
static void CAT(pack_panel_f32, ISA)(const PackB *p, size_t n0, size_t count, size_t width, float *out) {
  const char *source = (const char *)p->source + (ptrdiff_t)n0 * p->column_stride;
  enum { full = PANEL_VECTORS * LANES };
  if (p->column_stride == 4 && count == full) {
    for (size_t k = 0; k < p->k; k++) memcpy(out + k * full, source + (ptrdiff_t)k * p->row_stride, full * 4);
  } else if (p->column_stride == 4) {
    for (size_t k = 0; k < p->k; k++) memcpy(out + k * width, source + (ptrdiff_t)k * p->row_stride, count * 4);
  } else if (p->row_stride == 4) {
    transpose_uint32_t(source, p->column_stride, (char *)out, (ptrdiff_t)width * 4, count, p->k);
  } else {
    for (size_t k = 0; k < p->k; k++)
      for (size_t n = 0; n < count; n++)
        memcpy(out + k * width + n, source + (ptrdiff_t)k * p->row_stride + (ptrdiff_t)n * p->column_stride, 4);
  }
  if (count < width)
    for (size_t k = 0; k < p->k; k++) memset(out + k * width + count, 0, (width - count) * 4);
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
