#define BINARY(name, expression)                                                                   \
  case binary_##name:                                                                              \
    for (size_t r = 0; r < loop->rows; r++, a += loop->step[0], b += loop->step[1], y += n) {      \
      vf first = (vf)*a, second = (vf)*b;                                                          \
      for (size_t i = 0; i < n; i += LANES) {                                                      \
        size_t left = n - i;                                                                       \
        if (left >= LANES) {                                                                       \
          vf x = repeats_first ? first : vload(a + i);                               \
          vf z = repeats_second ? second : vload(b + i);                             \
          vstore(y + i, (expression));                                                             \
        } else {                                                                                   \
          vf x = repeats_first ? first : vload_n(a + i, left);                       \
          vf z = repeats_second ? second : vload_n(b + i, left);                     \
          vstore_n(y + i, (expression), left);                                                     \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
    break;

// Lane by lane, by a function of libm or one like it.
INLINE vf vlanes(vf x, vf z, float (*f)(float, float)) {
  for (size_t i = 0; i < LANES; i++) x[i] = f(x[i], z[i]);
  return x;
}
INLINE double modulo_d(double x, double z) {
  double r = fmod(x, z);
  if (r == 0) return copysign(r, z);
  return (r < 0) != (z < 0) ? r + z : r;
}
static float CAT(modulo_f, ISA)(float x, float z) {
  float r = fmodf(x, z);
  if (r == 0) return copysignf(r, z);
  return (r < 0) != (z < 0) ? r + z : r;
}

static void CAT(binary_f32, ISA)(int32_t function, const float *a, const float *b, float *y, const RowLoop *loop) {
  size_t n = loop->n;
  const int repeats_first = loop->repeat & repeat_first, repeats_second = loop->repeat & repeat_second;
  if (n == 0) return;  // rows without a first element
  switch (function) {
    BINARY(add, x + z)
    BINARY(sub, x - z)
    BINARY(mul, x * z)
    BINARY(div, x / z)
    BINARY(modulo, vlanes(x, z, CAT(modulo_f, ISA)))
    BINARY(remainder, vlanes(x, z, fmodf))
    BINARY(pow, vpow(x, z))
    BINARY(max, VSELECT((x < z) | (z != z), z, x))
    BINARY(min, VSELECT((x > z) | (z != z), z, x))
    BINARY(prelu, VSELECT(x < 0.0f, x * z, x))
  }
}
#undef BINARY

// One loop over elements of `T` for each way in which operands repeat.
#define FORMS(hint, body)                                                                       \
  for (size_t r = 0; r < loop->rows; r++, a += loop->step[0], b += loop->step[1], y += n) {     \
    if (loop->repeat == 0) {                                                                    \
      _Pragma(hint) for (size_t i = 0; i < n; i++) {                                            \
        T x = a[i], z = b[i];                                                                   \
        body;                                                                                   \
      }                                                                                         \
    } else if (loop->repeat == repeat_second) {                                                 \
      T z = *b;                                                                                 \
      _Pragma(hint) for (size_t i = 0; i < n; i++) {                                            \
        T x = a[i];                                                                             \
        body;                                                                                   \
      }                                                                                         \
    } else if (loop->repeat == repeat_first) {                                                  \
      T x = *a;                                                                                 \
      _Pragma(hint) for (size_t i = 0; i < n; i++) {                                            \
        T z = b[i];                                                                             \
        body;                                                                                   \
      }                                                                                         \
    } else {                                                                                    \
      T x = *a, z = *b;                                                                         \
      for (size_t i = 0; i < n; i++) { body; }                                                  \
    }                                                                                           \
  }
#define BINARY(name, expression)                                                            \
  case binary_##name:                                                                       \
    FORMS("clang loop vectorize(assume_safety)", y[i] = (T)(expression))                    \
    break;
// The same for what vector units lack.
#define BINARY_SLOW(name, expression)                                                                                   \
  case binary_##name:                                                                                                   \
    for (size_t r = 0; r < loop->rows; r++, a += loop->step[0], b += loop->step[1], y += n) {                           \
      for (size_t i = 0; i < n; i++) {                                                                                  \
        T x = a[loop->repeat & repeat_first ? 0 : i], z = b[loop->repeat & repeat_second ? 0 : i];                      \
        y[i] = (T)(expression);                                                                                         \
      }                                                                                                                 \
    }                                                                                                                   \
    break;

static void CAT(binary_f64, ISA)(int32_t function, const double *a, const double *b, double *y, const RowLoop *loop) {
  typedef double T;
  size_t n = loop->n;
  switch (function) {
    BINARY(add, x + z)
    BINARY(sub, x - z)
    BINARY(mul, x * z)
    BINARY(div, x / z)
    BINARY_SLOW(modulo, modulo_d(x, z))
    BINARY_SLOW(remainder, fmod(x, z))
    BINARY_SLOW(pow, pow(x, z))
    BINARY(max, (x < z) || (z != z) ? z : x)
    BINARY(min, (x > z) || (z != z) ? z : x)
    BINARY(prelu, x < 0 ? x * z : x)
  }
}

// Wrapping arithmetic, which does not ask for signs.
#define BINARY_UNSIGNED(name, type)                                                                                 \
  static int CAT(name, ISA)(int32_t function, const type *a, const type *b, type *y, const RowLoop *loop) {         \
    typedef type T;                                                                                                 \
    size_t n = loop->n;                                                                                             \
    switch (function) {                                                                                             \
      BINARY(add, x + z)                                                                                            \
      BINARY(sub, x - z)                                                                                            \
      BINARY(mul, (uint64_t)x * z)                                                                                  \
      BINARY(and, x & z)                                                                                            \
      BINARY(or, x | z)                                                                                             \
      BINARY(xor, x ^ z)                                                                                            \
      BINARY(shift_left, z >= sizeof(T) * 8 ? 0 : (uint64_t)x << (z & (sizeof(T) * 8 - 1)))                         \
      default: return 0;                                                                                            \
    }                                                                                                               \
    return 1;                                                                                                       \
  }
BINARY_UNSIGNED(wrapping_8, uint8_t)
BINARY_UNSIGNED(wrapping_16, uint16_t)
BINARY_UNSIGNED(wrapping_32, uint32_t)
BINARY_UNSIGNED(wrapping_64, uint64_t)
#undef BINARY_UNSIGNED

INLINE uint64_t power(uint64_t base, uint64_t exponent) {
  uint64_t y = 1;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1) y *= base;
  return y;
}
// 0 to a negative power has no value; it gives 0.
INLINE uint64_t power_signed(int64_t base, int64_t exponent) {
  if (exponent >= 0) return power((uint64_t)base, (uint64_t)exponent);
  return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1ull : 1) : 0;
}
INLINE int64_t quotient(int64_t x, int64_t z, int32_t *fault) {
  if (z == 0) *fault = 1;
  if (z == 0 || z == -1) return (int64_t)(0 - (uint64_t)x) & (z == 0 ? 0 : -1);
  return x / z;
}
INLINE int64_t remainder_i(int64_t x, int64_t z, int32_t *fault) {
  if (z == 0) *fault = 1;
  return z == 0 || z == -1 ? 0 : x % z;
}
INLINE int64_t modulo_i(int64_t x, int64_t z, int32_t *fault) {
  int64_t r = remainder_i(x, z, fault);
  return r != 0 && (r < 0) != (z < 0) ? r + z : r;
}
INLINE uint64_t quotient_u(uint64_t x, uint64_t z, int32_t *fault) {
  if (z == 0) *fault = 1;
  return z == 0 ? 0 : x / z;
}
INLINE uint64_t remainder_u(uint64_t x, uint64_t z, int32_t *fault) {
  if (z == 0) *fault = 1;
  return z == 0 ? 0 : x % z;
}

#define BINARY_INTEGER(name, type, wrapping, wrapping_type, quotient, remainder_of, modulo_of, power)                  \
  static void CAT(name, ISA)(int32_t function, const type *a, const type *b, type *y, const RowLoop *loop,             \
                             int32_t *fault) {                                                                         \
    typedef type T;                                                                                                    \
    if (CAT(wrapping, ISA)(function, (const wrapping_type *)a, (const wrapping_type *)b, (wrapping_type *)y, loop))    \
      return;                                                                                                          \
    size_t n = loop->n;                                                                                                \
    const T width = sizeof(T) * 8;                                                                                     \
    switch (function) {                                                                                                \
      BINARY_SLOW(div, quotient(x, z, fault))                                                                          \
      BINARY_SLOW(modulo, modulo_of(x, z, fault))                                                                      \
      BINARY_SLOW(remainder, remainder_of(x, z, fault))                                                                \
      BINARY_SLOW(pow, power(x, z))                                                                                    \
      BINARY(max, x < z ? z : x)                                                                                       \
      BINARY(min, x > z ? z : x)                                                                                       \
      BINARY_SLOW(prelu, x < 0 ? (uint64_t)x * (uint64_t)z : (uint64_t)x)                                              \
      BINARY(shift_right, (z < 0) || (z >= width) ? (x < 0 ? -1 : 0) : x >> (z & (width - 1)))                          \
    }                                                                                                                  \
  }
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wtautological-unsigned-zero-compare"
BINARY_INTEGER(binary_i8, int8_t, wrapping_8, uint8_t, quotient, remainder_i, modulo_i, power_signed)
BINARY_INTEGER(binary_i16, int16_t, wrapping_16, uint16_t, quotient, remainder_i, modulo_i, power_signed)
BINARY_INTEGER(binary_i32, int32_t, wrapping_32, uint32_t, quotient, remainder_i, modulo_i, power_signed)
BINARY_INTEGER(binary_i64, int64_t, wrapping_64, uint64_t, quotient, remainder_i, modulo_i, power_signed)
BINARY_INTEGER(binary_u8, uint8_t, wrapping_8, uint8_t, quotient_u, remainder_u, remainder_u, power)
BINARY_INTEGER(binary_u16, uint16_t, wrapping_16, uint16_t, quotient_u, remainder_u, remainder_u, power)
BINARY_INTEGER(binary_u32, uint32_t, wrapping_32, uint32_t, quotient_u, remainder_u, remainder_u, power)
BINARY_INTEGER(binary_u64, uint64_t, wrapping_64, uint64_t, quotient_u, remainder_u, remainder_u, power)
#pragma clang diagnostic pop
#undef BINARY_INTEGER
#undef BINARY
#undef BINARY_SLOW

INLINE vf vcombine_half(int function, vf a, vf b) {
  switch (function) {
    case binary_add: return a + b;
    case binary_sub: return a - b;
    default: return a * b;
  }
}

// Sums, differences and products of bfloat16, without a stop in memory.
INLINE void binary_simple_half(int function, const uint16_t *a, const uint16_t *b, uint16_t *y, const RowLoop *loop) {
  int repeats_first = loop->repeat & repeat_first, repeats_second = loop->repeat & repeat_second;
  for (size_t r = 0; r < loop->rows; r++, a += loop->step[0], b += loop->step[1], y += loop->n) {
    vf first = vset(float_of((uint32_t)*a << 16)), second = vset(float_of((uint32_t)*b << 16));
    for (size_t i = 0; i < loop->n; i += LANES) {
      size_t n = loop->n - i;
      vf u = repeats_first ? first : vload_half(a + i, n), v = repeats_second ? second : vload_half(b + i, n);
      vstore_half(y + i, vnarrow(vcombine_half(function, u, v)), n);
    }
  }
}

static void CAT(binary_half, ISA)(int32_t function, int32_t type, const uint16_t *a, const uint16_t *b, uint16_t *y,
                                  const RowLoop *loop) {
  if (type == scalar_bf16 && loop->n > 0) {
    switch (function) {
      case binary_add: return binary_simple_half(binary_add, a, b, y, loop);
      case binary_sub: return binary_simple_half(binary_sub, a, b, y, loop);
      case binary_mul: return binary_simple_half(binary_mul, a, b, y, loop);
    }
  }
  float first[half_block], second[half_block];
  for (size_t r = 0; r < loop->rows; r++, a += loop->step[0], b += loop->step[1], y += loop->n) {
    if (loop->repeat & repeat_first) load_half(type, a, first, 1);
    if (loop->repeat & repeat_second) load_half(type, b, second, 1);
    for (size_t i = 0; i < loop->n; i += half_block) {
      RowLoop part = {.rows = 1, .n = loop->n - i < half_block ? loop->n - i : half_block, .repeat = loop->repeat};
      if (!(loop->repeat & repeat_first)) load_half(type, a + i, first, part.n);
      if (!(loop->repeat & repeat_second)) load_half(type, b + i, second, part.n);
      float result[half_block];
      CAT(binary_f32, ISA)(function, first, second, result, &part);
      store_half(type, result, y + i, part.n);
    }
  }
}

KERNEL(binary)(int32_t function, int32_t type, const void *a, const void *b, void *y, const RowLoop *loop, int32_t *fault) {
  switch (type) {
    case scalar_f32: CAT(binary_f32, ISA)(function, a, b, y, loop); break;
    case scalar_f64: CAT(binary_f64, ISA)(function, a, b, y, loop); break;
    case scalar_f16:
    case scalar_bf16: CAT(binary_half, ISA)(function, type, a, b, y, loop); break;
    case scalar_i8: CAT(binary_i8, ISA)(function, a, b, y, loop, fault); break;
    case scalar_i16: CAT(binary_i16, ISA)(function, a, b, y, loop, fault); break;
    case scalar_i32: CAT(binary_i32, ISA)(function, a, b, y, loop, fault); break;
    case scalar_i64: CAT(binary_i64, ISA)(function, a, b, y, loop, fault); break;
    case scalar_bool:
    case scalar_u8: CAT(binary_u8, ISA)(function, a, b, y, loop, fault); break;
    case scalar_u16: CAT(binary_u16, ISA)(function, a, b, y, loop, fault); break;
    case scalar_u32: CAT(binary_u32, ISA)(function, a, b, y, loop, fault); break;
    case scalar_u64: CAT(binary_u64, ISA)(function, a, b, y, loop, fault); break;
  }
}
