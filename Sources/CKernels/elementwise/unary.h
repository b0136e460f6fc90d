#define UNARY(name, expression)                                          \
  case unary_##name:                                                     \
    for (size_t i = 0; i < n; i += LANES) {                              \
      if (n - i >= LANES) {                                              \
        vf x = vload(source + i);                                        \
        vstore(target + i, (expression));                                \
      } else {                                                           \
        vf x = vload_n(source + i, n - i);                               \
        vstore_n(target + i, (expression), n - i);                       \
      }                                                                  \
    }                                                                    \
    break;

static void CAT(unary_f32, ISA)(int32_t function, const float *source, float *target, size_t n, const float *parameters) {
  vf p = (vf)parameters[0], q = (vf)parameters[1];
  switch (function) {
    UNARY(abs, vabs(x))
    UNARY(neg, -x)
    UNARY(sign, vsign(x))
    UNARY(floor, vfloor(x))
    UNARY(ceil, vceil(x))
    UNARY(round, vrint(x))
    UNARY(sqrt, vsqrt(x))
    UNARY(reciprocal, 1.0f / x)
    UNARY(exp, vexp_(x, 0))
    UNARY(log, vlog(x))
    UNARY(sin, vsin(x))
    UNARY(cos, vcos(x))
    UNARY(tan, vtan(x))
    UNARY(asin, vasin(x))
    UNARY(acos, vacos(x))
    UNARY(atan, vatan(x))
    UNARY(sinh, vsinh(x))
    UNARY(cosh, vcosh(x))
    UNARY(tanh, vcopysign(vtanh_(x, 0), x))
    UNARY(asinh, vasinh(x))
    UNARY(acosh, vacosh(x))
    UNARY(atanh, vatanh(x))
    UNARY(erf, verf_(x, 0))
    UNARY(sigmoid, vsigmoid_(x, 0))
    UNARY(relu, vmax(x, (vf)0.0f))
    UNARY(leaky_relu, VSELECT(x < 0.0f, p * x, x))
    UNARY(elu, VSELECT(x < 0.0f, p * vexpm1(x), x))
    UNARY(selu, q * VSELECT(x < 0.0f, p * vexpm1(x), x))
    UNARY(celu, VSELECT(x < 0.0f, p * vexpm1(x / p), x))
    UNARY(thresholded_relu, VSELECT(x <= p, (vf)0.0f, x))
    UNARY(hard_sigmoid, vclip(vfma(x, p, q), (vf)0.0f, (vf)1.0f))
    UNARY(hard_swish, vactivate_(x, activation_hard_swish, p, q, 0))
    UNARY(softplus, vsoftplus(x))
    UNARY(softsign, x / (1.0f + vabs(x)))
    UNARY(mish, vmish(x))
    UNARY(gelu, vactivate_(x, activation_gelu, p, q, 0))
    UNARY(gelu_tanh, vactivate_(x, activation_gelu_tanh, p, q, 0))
    UNARY(swish, x * vsigmoid_(p * x, 0))
    UNARY(shrink, VSELECT(x < -p, x + q, VSELECT(x > p, x - q, VSELECT(x == x, (vf)0.0f, x))))
    UNARY(clip, vclip(x, p, q))
  }
}
#undef UNARY

// One loop over elements of `T`; parameters are of that type.
#define UNARY(name, expression)      \
  case unary_##name:                 \
    for (size_t i = 0; i < n; i++) { \
      T x = source[i];               \
      target[i] = (T)(expression);   \
    }                                \
    break;
// NaN in x comes through.
#define CLIP(x, low, high) ((x) < (low) ? ((low) > (high) ? (high) : (low)) : (x) > (high) ? (high) : (x))

static void CAT(unary_f64, ISA)(int32_t function, const double *source, double *target, size_t n, const double *parameters) {
  typedef double T;
  T p = parameters[0], q = parameters[1];
  switch (function) {
    UNARY(abs, fabs(x))
    UNARY(neg, -x)
    UNARY(sign, x > 0 ? 1 : x < 0 ? -1 : x)
    UNARY(floor, floor(x))
    UNARY(ceil, ceil(x))
    UNARY(round, rint(x))
    UNARY(sqrt, sqrt(x))
    UNARY(reciprocal, 1 / x)
    UNARY(exp, exp(x))
    UNARY(log, log(x))
    UNARY(sin, sin(x))
    UNARY(cos, cos(x))
    UNARY(tan, tan(x))
    UNARY(asin, asin(x))
    UNARY(acos, acos(x))
    UNARY(atan, atan(x))
    UNARY(sinh, sinh(x))
    UNARY(cosh, cosh(x))
    UNARY(tanh, tanh(x))
    UNARY(asinh, asinh(x))
    UNARY(acosh, acosh(x))
    UNARY(atanh, atanh(x))
    UNARY(erf, erf(x))
    UNARY(sigmoid, 1 / (1 + exp(-x)))
    UNARY(relu, x < 0 ? 0 : x)
    UNARY(leaky_relu, x < 0 ? p * x : x)
    UNARY(elu, x < 0 ? p * expm1(x) : x)
    UNARY(selu, q * (x < 0 ? p * expm1(x) : x))
    UNARY(celu, x < 0 ? p * expm1(x / p) : x)
    UNARY(thresholded_relu, x <= p ? 0 : x)
    UNARY(hard_sigmoid, CLIP(p * x + q, 0, 1))
    UNARY(hard_swish, x * CLIP(x / 6 + 0.5, 0, 1))
    UNARY(softplus, (x > 0 ? x : 0) + log1p(exp(-fabs(x))))
    UNARY(softsign, x / (1 + fabs(x)))
    UNARY(mish, x * tanh((x > 0 ? x : 0) + log1p(exp(-fabs(x)))))
    UNARY(gelu, 0.5 * x * (1 + erf(x * 0.70710678118654752)))
    UNARY(gelu_tanh, 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x))))
    UNARY(swish, x / (1 + exp(-p * x)))
    UNARY(shrink, x < -p ? x + q : x > p ? x - q : x == x ? 0 : x)
    UNARY(clip, CLIP(x, p, q))
  }
}

#undef UNARY
// The same, vectorized also where source and target are the same memory.
#define UNARY(name, expression)                    \
  case unary_##name:                               \
    _Pragma("clang loop vectorize(assume_safety)") \
    for (size_t i = 0; i < n; i++) {               \
      T x = source[i];                             \
      target[i] = (T)(expression);                 \
    }                                              \
    break;

#define UNARY_UNSIGNED(name, type)                                                                                    \
  static void CAT(name, ISA)(int32_t function, const type *source, type *target, size_t n, const type *parameters) { \
    typedef type T;                                                                                                   \
    T p = parameters[0], q = parameters[1];                                                                           \
    switch (function) {                                                                                               \
      UNARY(abs, x)                                                                                                   \
      UNARY(relu, x)                                                                                                  \
      UNARY(sign, x != 0)                                                                                             \
      UNARY(neg, 0 - x)                                                                                               \
      UNARY(clip, CLIP(x, p, q))                                                            \
      UNARY(not, x == 0)                                                                                              \
      UNARY(bitwise_not, ~x)                                                                                          \
    }                                                                                                                 \
  }
#define UNARY_SIGNED(name, type, unsigned_type)                                                                       \
  static void CAT(name, ISA)(int32_t function, const type *source, type *target, size_t n, const type *parameters) { \
    typedef type T;                                                                                                   \
    typedef unsigned_type U;                                                                                          \
    T p = parameters[0], q = parameters[1];                                                                           \
    switch (function) {                                                                                               \
      UNARY(abs, x < 0 ? 0 - (U)x : (U)x)                                                                             \
      UNARY(neg, 0 - (U)x)                                                                                            \
      UNARY(sign, (x > 0) - (x < 0))                                                                                  \
      UNARY(relu, x < 0 ? 0 : x)                                                                                      \
      UNARY(clip, CLIP(x, p, q))                                                            \
      UNARY(bitwise_not, ~x)                                                                                          \
    }                                                                                                                 \
  }
UNARY_SIGNED(unary_i8, int8_t, uint8_t)
UNARY_SIGNED(unary_i16, int16_t, uint16_t)
UNARY_SIGNED(unary_i32, int32_t, uint32_t)
UNARY_SIGNED(unary_i64, int64_t, uint64_t)
UNARY_UNSIGNED(unary_u8, uint8_t)
UNARY_UNSIGNED(unary_u16, uint16_t)
UNARY_UNSIGNED(unary_u32, uint32_t)
UNARY_UNSIGNED(unary_u64, uint64_t)
#undef UNARY_SIGNED
#undef UNARY_UNSIGNED
#undef UNARY
#undef CLIP

KERNEL(unary)(int32_t function, int32_t type, const void *x, void *y, size_t n, const void *parameters) {
  switch (type) {
    case scalar_f32: CAT(unary_f32, ISA)(function, x, y, n, parameters); break;
    case scalar_f64: CAT(unary_f64, ISA)(function, x, y, n, parameters); break;
    case scalar_i8: CAT(unary_i8, ISA)(function, x, y, n, parameters); break;
    case scalar_i16: CAT(unary_i16, ISA)(function, x, y, n, parameters); break;
    case scalar_i32: CAT(unary_i32, ISA)(function, x, y, n, parameters); break;
    case scalar_i64: CAT(unary_i64, ISA)(function, x, y, n, parameters); break;
    case scalar_bool:
    case scalar_u8: CAT(unary_u8, ISA)(function, x, y, n, parameters); break;
    case scalar_u16: CAT(unary_u16, ISA)(function, x, y, n, parameters); break;
    case scalar_u32: CAT(unary_u32, ISA)(function, x, y, n, parameters); break;
    case scalar_u64: CAT(unary_u64, ISA)(function, x, y, n, parameters); break;
    case scalar_f16:
    case scalar_bf16: {
      float values[half_block];
      for (size_t i = 0; i < n; i += half_block) {
        size_t count = n - i < half_block ? n - i : half_block;
        load_half(type, (const uint16_t *)x + i, values, count);
        CAT(unary_f32, ISA)(function, values, values, count, parameters);
        store_half(type, values, (uint16_t *)y + i, count);
      }
    }
  }
}
