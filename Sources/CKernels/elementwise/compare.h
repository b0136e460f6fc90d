#define COMPARE(name, type)                                                                                            \
  static void CAT(name, ISA)(int32_t function, const type *a, const type *b, uint8_t *y, const RowLoop *loop) {        \
    typedef type T;                                                                                                    \
    size_t n = loop->n;                                                                                                \
    switch (function) {                                                                                                \
      case compare_equal: FORMS("clang loop vectorize(assume_safety)", y[i] = x == z) break;                           \
      case compare_less: FORMS("clang loop vectorize(assume_safety)", y[i] = x < z) break;                             \
      case compare_less_or_equal: FORMS("clang loop vectorize(assume_safety)", y[i] = x <= z) break;                   \
    }                                                                                                                  \
  }
COMPARE(compare_f32, float)
COMPARE(compare_f64, double)
COMPARE(compare_i8, int8_t)
COMPARE(compare_i16, int16_t)
COMPARE(compare_i32, int32_t)
COMPARE(compare_i64, int64_t)
COMPARE(compare_u8, uint8_t)
COMPARE(compare_u16, uint16_t)
COMPARE(compare_u32, uint32_t)
COMPARE(compare_u64, uint64_t)
#undef COMPARE
#undef FORMS

static void CAT(compare_half, ISA)(int32_t function, int32_t type, const uint16_t *a, const uint16_t *b, uint8_t *y,
                                   const RowLoop *loop) {
  float first[half_block], second[half_block];
  for (size_t r = 0; r < loop->rows; r++, a += loop->step[0], b += loop->step[1], y += loop->n) {
    for (size_t i = 0; i < loop->n; i += half_block) {
      RowLoop part = {.rows = 1, .n = loop->n - i < half_block ? loop->n - i : half_block, .repeat = loop->repeat};
      if (loop->repeat & repeat_first) load_half(type, a, first, 1);
      else load_half(type, a + i, first, part.n);
      if (loop->repeat & repeat_second) load_half(type, b, second, 1);
      else load_half(type, b + i, second, part.n);
      CAT(compare_f32, ISA)(function, first, second, y + i, &part);
    }
  }
}

KERNEL(compare)(int32_t function, int32_t type, const void *a, const void *b, uint8_t *y, const RowLoop *loop) {
  switch (type) {
    case scalar_f32: CAT(compare_f32, ISA)(function, a, b, y, loop); break;
    case scalar_f64: CAT(compare_f64, ISA)(function, a, b, y, loop); break;
    case scalar_f16:
    case scalar_bf16: CAT(compare_half, ISA)(function, type, a, b, y, loop); break;
    case scalar_i8: CAT(compare_i8, ISA)(function, a, b, y, loop); break;
    case scalar_i16: CAT(compare_i16, ISA)(function, a, b, y, loop); break;
    case scalar_i32: CAT(compare_i32, ISA)(function, a, b, y, loop); break;
    case scalar_i64: CAT(compare_i64, ISA)(function, a, b, y, loop); break;
    case scalar_bool:
    case scalar_u8: CAT(compare_u8, ISA)(function, a, b, y, loop); break;
    case scalar_u16: CAT(compare_u16, ISA)(function, a, b, y, loop); break;
    case scalar_u32: CAT(compare_u32, ISA)(function, a, b, y, loop); break;
    case scalar_u64: CAT(compare_u64, ISA)(function, a, b, y, loop); break;
  }
}

INLINE void classify_bits32(int32_t function, const uint32_t *x, uint8_t *y, size_t n) {
#define CLASSIFY(name, expression)                                  \
  case classify_##name:                                             \
    for (size_t i = 0; i < n; i++) y[i] = (expression);             \
    break;
  switch (function) {
    CLASSIFY(nan, (x[i] & 0x7fffffff) > 0x7f800000)
    CLASSIFY(infinite, (x[i] & 0x7fffffff) == 0x7f800000)
    CLASSIFY(positive_infinite, x[i] == 0x7f800000)
    CLASSIFY(negative_infinite, x[i] == 0xff800000)
  }
}
INLINE void classify_bits64(int32_t function, const uint64_t *x, uint8_t *y, size_t n) {
  switch (function) {
    CLASSIFY(nan, (x[i] & 0x7fffffffffffffff) > 0x7ff0000000000000)
    CLASSIFY(infinite, (x[i] & 0x7fffffffffffffff) == 0x7ff0000000000000)
    CLASSIFY(positive_infinite, x[i] == 0x7ff0000000000000)
    CLASSIFY(negative_infinite, x[i] == 0xfff0000000000000)
  }
#undef CLASSIFY
}

KERNEL(classify)(int32_t function, int32_t type, const void *x, uint8_t *y, size_t n) {
  switch (type) {
    case scalar_f32: classify_bits32(function, x, y, n); break;
    case scalar_f64: classify_bits64(function, x, y, n); break;
    case scalar_f16:
    case scalar_bf16: {
      float values[half_block];
      for (size_t i = 0; i < n; i += half_block) {
        size_t count = n - i < half_block ? n - i : half_block;
        load_half(type, (const uint16_t *)x + i, values, count);
        classify_bits32(function, (const uint32_t *)values, y + i, count);
      }
    }
  }
}
