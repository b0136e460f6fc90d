// Elements of two arrays in turns, and the even and odd elements of one, by vectors of `size` bytes. Both return how many
// elements of an array they have done: none, or all, the last vector repeating some.
#define SHUFFLES(bytes, T, size)                                                                             \
  typedef T CAT(v##bytes##_##size, ISA) __attribute__((ext_vector_type(size / bytes)));                      \
  INLINE size_t interleave_##bytes##_##size(const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n) {      \
    enum { step = size / bytes };                                                                            \
    if (n < step) return 0;                                                                                  \
    for (size_t i = 0; i < n; i += step) {                                                                   \
      CAT(v##bytes##_##size, ISA) p, q, low, high;                                                           \
      if (i + step > n) i = n - step;                                                                        \
      memcpy(&p, a + i * bytes, size);                                                                       \
      memcpy(&q, b + i * bytes, size);                                                                       \
      low.even = p.lo;                                                                                       \
      low.odd = q.lo;                                                                                        \
      high.even = p.hi;                                                                                      \
      high.odd = q.hi;                                                                                       \
      memcpy(y + 2 * i * bytes, &low, size);                                                                 \
      memcpy(y + 2 * i * bytes + size, &high, size);                                                         \
    }                                                                                                        \
    return n;                                                                                                \
  }                                                                                                          \
  INLINE size_t part_##bytes##_##size(const uint8_t *x, uint8_t *y, uint8_t *z, size_t n) {                  \
    enum { step = size / bytes };                                                                            \
    if (n < step) return 0;                                                                                  \
    for (size_t i = 0; i < n; i += step) {                                                                   \
      CAT(v##bytes##_##size, ISA) p, q, even, odd;                                                           \
      if (i + step > n) i = n - step;                                                                        \
      memcpy(&p, x + 2 * i * bytes, size);                                                                   \
      memcpy(&q, x + 2 * i * bytes + size, size);                                                            \
      even.lo = p.even;                                                                                      \
      even.hi = q.even;                                                                                      \
      odd.lo = p.odd;                                                                                        \
      odd.hi = q.odd;                                                                                        \
      if (y) memcpy(y + i * bytes, &even, size);                                                             \
      if (z) memcpy(z + i * bytes, &odd, size);                                                              \
    }                                                                                                        \
    return n;                                                                                                \
  }
SHUFFLES(1, uint8_t, 16)
SHUFFLES(2, uint16_t, 16)
SHUFFLES(4, uint32_t, 16)
#if LANES > 4
SHUFFLES(2, uint16_t, 32)
SHUFFLES(4, uint32_t, 32)
#endif
#if LANES > 8
SHUFFLES(4, uint32_t, 64)
#endif
#undef SHUFFLES

INLINE void interleave(const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n, size_t width) {
  size_t done = 0;
  if (width == 4) {
#if LANES > 8
    done = interleave_4_64(a, b, y, n);
#endif
#if LANES > 4
    if (!done) done = interleave_4_32(a, b, y, n);
#endif
    if (!done) done = interleave_4_16(a, b, y, n);
  } else if (width == 2) {
#if LANES > 4
    done = interleave_2_32(a, b, y, n);
#endif
    if (!done) done = interleave_2_16(a, b, y, n);
  } else if (width == 1) {
    done = interleave_1_16(a, b, y, n);
  }
  for (size_t i = done; i < n; i++) {
    memcpy(y + 2 * i * width, a + i * width, width);
    memcpy(y + (2 * i + 1) * width, b + i * width, width);
  }
}

// y and z may be NULL.
INLINE void part(const uint8_t *x, uint8_t *y, uint8_t *z, size_t n, size_t width) {
  size_t done = 0;
  if (width == 4) {
#if LANES > 8
    done = part_4_64(x, y, z, n);
#endif
#if LANES > 4
    if (!done) done = part_4_32(x, y, z, n);
#endif
    if (!done) done = part_4_16(x, y, z, n);
  } else if (width == 2) {
#if LANES > 4
    done = part_2_32(x, y, z, n);
#endif
    if (!done) done = part_2_16(x, y, z, n);
  } else if (width == 1) {
    done = part_1_16(x, y, z, n);
  }
  for (size_t i = done; i < n; i++) {
    if (y) memcpy(y + i * width, x + 2 * i * width, width);
    if (z) memcpy(z + i * width, x + (2 * i + 1) * width, width);
  }
}

KERNEL(shuffle_split)(const ShuffleSplit *s) {
  size_t n = s->channels, half = n / 2 * s->width;
  const uint8_t *a = s->a, *b = s->b;
  uint8_t *y = s->y, *z = s->z;
  int is_one = b == a + n * s->width;
  for (size_t p = 0; p < s->positions; p++) {
    if (!s->apart) {
      if (y) interleave(a, b, y, n / 2, s->width);
      if (z) interleave(a + half, b + half, z, n / 2, s->width);
    } else if (is_one) {
      part(a, y, z, n, s->width);
    } else {
      part(a, y, z, n / 2, s->width);
      part(b, y ? y + half : NULL, z ? z + half : NULL, n / 2, s->width);
    }
    a += s->stride * s->width;
    b += s->stride * s->width;
    if (y) y += n * s->width;
    if (z) z += n * s->width;
  }
}

KERNEL(shuffle_channels)(const uint8_t *x, uint8_t *y, size_t positions, size_t groups, size_t depth, size_t width) {
  size_t size = groups * depth * width;
  for (size_t p = 0; p < positions; p++, x += size, y += size) {
    if (groups == 2) {
      interleave(x, x + depth * width, y, depth, width);
      continue;
    }
    for (size_t i = 0; i < depth; i++)
      for (size_t g = 0; g < groups; g++) memcpy(y + (i * groups + g) * width, x + (g * depth + i) * width, width);
  }
}
