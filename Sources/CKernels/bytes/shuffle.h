// Two halves of 16-byte vectors, element by element.
#define INTERLEAVE(bytes, T)                                                                                 \
  typedef T CAT(v##bytes, ISA) __attribute__((ext_vector_type(16 / bytes)));                                 \
  INLINE size_t interleave_##bytes(const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n) {              \
    size_t i = 0;                                                                                            \
    for (; i + 16 / bytes <= n; i += 16 / bytes) {                                                           \
      CAT(v##bytes, ISA) p, q, low, high;                                                                    \
      memcpy(&p, a + i * bytes, 16);                                                                         \
      memcpy(&q, b + i * bytes, 16);                                                                         \
      low.even = p.lo;                                                                                       \
      low.odd = q.lo;                                                                                        \
      high.even = p.hi;                                                                                      \
      high.odd = q.hi;                                                                                       \
      memcpy(y + 2 * i * bytes, &low, 16);                                                                   \
      memcpy(y + 2 * i * bytes + 16, &high, 16);                                                             \
      /* The last vector may repeat elements. */                                                             \
      if (i + 16 / bytes < n && i + 2 * (16 / bytes) > n) i = n - 2 * (16 / bytes);                          \
    }                                                                                                        \
    return i;                                                                                                \
  }
INTERLEAVE(1, uint8_t)
INTERLEAVE(2, uint16_t)
INTERLEAVE(4, uint32_t)
#undef INTERLEAVE

KERNEL(shuffle_channels)(const uint8_t *x, uint8_t *y, size_t positions, size_t groups, size_t depth, size_t width) {
  size_t size = groups * depth * width;
  for (size_t p = 0; p < positions; p++, x += size, y += size) {
    size_t done = 0;
    if (groups == 2 && width == 1) done = interleave_1(x, x + depth, y, depth);
    if (groups == 2 && width == 2) done = interleave_2(x, x + depth * 2, y, depth);
    if (groups == 2 && width == 4) done = interleave_4(x, x + depth * 4, y, depth);
    for (size_t i = done; i < depth; i++)
      for (size_t g = 0; g < groups; g++) memcpy(y + (i * groups + g) * width, x + (g * depth + i) * width, width);
  }
}
