// Floating-point numbers become integers rounded toward zero, the nearest one if they are out of range, 0 if NaN.
// Integers that do not fit wrap. Anything but zero is true.
#define CONVERT_LOOP(expression)                                                              \
  _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < n; i++) {             \
    S x = source[i];                                                                          \
    target[i] = (expression);                                                                 \
  }
#define CONVERT(S_, T_, name, expression)                                                     \
  static void CAT(name, ISA)(const S_ *source, T_ *target, size_t n) {                        \
    typedef S_ S;                                                                             \
    typedef T_ T;                                                                             \
    CONVERT_LOOP((T)(expression))                                                             \
  }
// `high` is the first number too large.
#define CLAMPED(low, high, largest) (!(x > (low)) ? (x <= (low) ? (T)(low) : 0) : x >= (high) ? (T)(largest) : (T)x)

#define FROM_ANY(S, s)                                  \
  CONVERT(S, float, convert_##s##_f32, x)               \
  CONVERT(S, double, convert_##s##_f64, x)              \
  CONVERT(S, uint8_t, convert_##s##_bool, x != 0)
#define FROM_INTEGER(S, s)                              \
  FROM_ANY(S, s)                                        \
  CONVERT(S, uint8_t, convert_##s##_i8, x)              \
  CONVERT(S, uint16_t, convert_##s##_i16, x)            \
  CONVERT(S, uint32_t, convert_##s##_i32, x)            \
  CONVERT(S, uint64_t, convert_##s##_i64, x)
#define FROM_FLOAT(S, s)                                                                               \
  FROM_ANY(S, s)                                                                                       \
  CONVERT(S, int8_t, convert_##s##_i8, CLAMPED(-128, 128, INT8_MAX))                                   \
  CONVERT(S, int16_t, convert_##s##_i16, CLAMPED(-32768, 32768, INT16_MAX))                            \
  CONVERT(S, int32_t, convert_##s##_i32, CLAMPED((S)-2147483648.0, (S)2147483648.0, INT32_MAX))        \
  CONVERT(S, int64_t, convert_##s##_i64, CLAMPED((S)-0x1p63, (S)0x1p63, INT64_MAX))                    \
  CONVERT(S, uint8_t, convert_##s##_u8, CLAMPED(0, 256, UINT8_MAX))                                    \
  CONVERT(S, uint16_t, convert_##s##_u16, CLAMPED(0, 65536, UINT16_MAX))                               \
  CONVERT(S, uint32_t, convert_##s##_u32, CLAMPED(0, (S)4294967296.0, UINT32_MAX))                     \
  CONVERT(S, uint64_t, convert_##s##_u64, CLAMPED(0, (S)0x1p64, UINT64_MAX))

FROM_FLOAT(float, f32)
FROM_FLOAT(double, f64)
FROM_INTEGER(int8_t, i8)
FROM_INTEGER(int16_t, i16)
FROM_INTEGER(int32_t, i32)
FROM_INTEGER(int64_t, i64)
FROM_INTEGER(uint8_t, u8)
FROM_INTEGER(uint16_t, u16)
FROM_INTEGER(uint32_t, u32)
FROM_INTEGER(uint64_t, u64)
#undef FROM_ANY
#undef FROM_INTEGER
#undef FROM_FLOAT
#undef CLAMPED
#undef CONVERT
#undef CONVERT_LOOP

// Rounds to odd, so that rounding once more, to a narrower type, gives the nearest value.
INLINE float narrowed(double x) {
  float y = (float)x;
  uint32_t bits = bits_of(y);
  int inexact = (double)y != x && y == y && (bits & 0x7fffffff) != 0x7f800000;
  int away = fabs((double)y) > fabs(x);
  return inexact ? float_of(((bits - (uint32_t)away)) | 1) : y;
}

#define TO(t) case scalar_##t
#define INTEGER_TARGETS(s)                                                                       \
  TO(f32) : CAT(convert_##s##_f32, ISA)(x, y, n); break;                                         \
  TO(f64) : CAT(convert_##s##_f64, ISA)(x, y, n); break;                                         \
  TO(i8) : TO(u8) : CAT(convert_##s##_i8, ISA)(x, y, n); break;                                  \
  TO(i16) : TO(u16) : CAT(convert_##s##_i16, ISA)(x, y, n); break;                               \
  TO(i32) : TO(u32) : CAT(convert_##s##_i32, ISA)(x, y, n); break;                               \
  TO(i64) : TO(u64) : CAT(convert_##s##_i64, ISA)(x, y, n); break;                               \
  TO(bool) : CAT(convert_##s##_bool, ISA)(x, y, n); break;
#define FLOAT_TARGETS(s)                                                                         \
  TO(f32) : CAT(convert_##s##_f32, ISA)(x, y, n); break;                                         \
  TO(f64) : CAT(convert_##s##_f64, ISA)(x, y, n); break;                                         \
  TO(i8) : CAT(convert_##s##_i8, ISA)(x, y, n); break;                                           \
  TO(i16) : CAT(convert_##s##_i16, ISA)(x, y, n); break;                                         \
  TO(i32) : CAT(convert_##s##_i32, ISA)(x, y, n); break;                                         \
  TO(i64) : CAT(convert_##s##_i64, ISA)(x, y, n); break;                                         \
  TO(u8) : CAT(convert_##s##_u8, ISA)(x, y, n); break;                                           \
  TO(u16) : CAT(convert_##s##_u16, ISA)(x, y, n); break;                                         \
  TO(u32) : CAT(convert_##s##_u32, ISA)(x, y, n); break;                                         \
  TO(u64) : CAT(convert_##s##_u64, ISA)(x, y, n); break;                                         \
  TO(bool) : CAT(convert_##s##_bool, ISA)(x, y, n); break;
#define FROM(s, targets) \
  case scalar_##s:       \
    switch (to) { targets(s) } break;

// Between types other than float16 and bfloat16.
static void CAT(convert_plain, ISA)(int32_t from, int32_t to, const void *x, void *y, size_t n) {
  switch (from) {
    FROM(f32, FLOAT_TARGETS)
    FROM(f64, FLOAT_TARGETS)
    FROM(i8, INTEGER_TARGETS)
    FROM(i16, INTEGER_TARGETS)
    FROM(i32, INTEGER_TARGETS)
    FROM(i64, INTEGER_TARGETS)
    case scalar_bool: FROM(u8, INTEGER_TARGETS)
    FROM(u16, INTEGER_TARGETS)
    FROM(u32, INTEGER_TARGETS)
    FROM(u64, INTEGER_TARGETS)
  }
}
#undef TO
#undef FROM
#undef INTEGER_TARGETS
#undef FLOAT_TARGETS

INLINE size_t scalar_width(int32_t type) {
  switch (type) {
    case scalar_f64:
    case scalar_i64:
    case scalar_u64: return 8;
    case scalar_f32:
    case scalar_i32:
    case scalar_u32: return 4;
    case scalar_f16:
    case scalar_bf16:
    case scalar_i16:
    case scalar_u16: return 2;
    default: return 1;
  }
}
INLINE int is_half(int32_t type) { return type == scalar_f16 || type == scalar_bf16; }
// All values of the type are floats.
INLINE int is_within_float(int32_t type) { return type == scalar_f32 || is_half(type) || (scalar_width(type) < 4); }

KERNEL(convert)(int32_t from, int32_t to, const void *x, void *y, size_t n) {
  if (from == to) {
    if (x != y) memcpy(y, x, n * scalar_width(from));
    return;
  }
  if (!is_half(from) && !is_half(to)) {
    CAT(convert_plain, ISA)(from, to, x, y, n);
    return;
  }
  if (from == scalar_f32) {
    store_half(to, x, y, n);
    return;
  }
  if (to == scalar_f32) {
    load_half(from, x, y, n);
    return;
  }
  float values[half_block];
  double wide[half_block];
  for (size_t i = 0; i < n; i += half_block) {
    size_t count = n - i < half_block ? n - i : half_block;
    const void *source = (const char *)x + i * scalar_width(from);
    void *target = (char *)y + i * scalar_width(to);
    if (is_half(from)) {
      load_half(from, source, values, count);
    } else if (is_within_float(from)) {
      CAT(convert_plain, ISA)(from, scalar_f32, source, values, count);
    } else {
      CAT(convert_plain, ISA)(from, scalar_f64, source, wide, count);
      for (size_t j = 0; j < count; j++) values[j] = narrowed(wide[j]);
    }
    if (is_half(to)) store_half(to, values, target, count);
    else CAT(convert_plain, ISA)(scalar_f32, to, values, target, count);
  }
}
