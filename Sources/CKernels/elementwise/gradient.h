// dx = dy · f′, f′ computed from what v holds: f's operand, or its result where that is enough.
#define GRADIENT(expression)                                                    \
  {                                                                             \
    for (size_t i = 0; i < n; i += LANES) {                                     \
      size_t left = n - i;                                                      \
      vf v = vload_some(value + i, left), dy = vload_some(cotangent + i, left); \
      vstore_some(target + i, (expression), left);                              \
    }                                                                           \
    break;                                                                      \
  }

INLINE vf vgelu_slope(vf x) {
  return vfma(x * 0.398942280f, vexp_(x * x * -0.5f, 0), 0.5f + 0.5f * verf_(x * 0.707106781f, 0));
}
INLINE vf vgelu_tanh_slope(vf x) {
  vf s = x * x, t = vtanh_(x * 0.797884561f * vfma(s, (vf)0.044715f, (vf)1.0f), 0);
  vf inner = 0.797884561f * vfma(s, (vf)0.134145f, (vf)1.0f);
  return 0.5f * vfma(x * (1.0f - t * t), inner, 1.0f + t);
}
INLINE vf vswish_slope(vf x, vf p) {
  vf s = vsigmoid_(p * x, 0);
  return s * vfma(p * x, 1.0f - s, (vf)1.0f);
}
INLINE vf vmish_slope(vf x) {
  vf e = vexp_(vmin(x, (vf)30.0f), 0), n = e * (e + 2.0f), t = n / (n + 2.0f);
  return vfma(x * vsigmoid_(x, 0), 1.0f - t * t, t);
}

static void CAT(gradient_f32, ISA)(int32_t function, int32_t from_result, const float *value, const float *cotangent,
                                   float *target, size_t n, const float *parameters) {
  vf p = (vf)parameters[0], q = (vf)parameters[1];
  const vf zero = (vf)0.0f;
  switch (function) {
    case unary_abs: GRADIENT(dy * vsign(v))
    case unary_sqrt: GRADIENT(0.5f * dy / v)
    case unary_reciprocal: GRADIENT(-dy * v * v)
    case unary_exp: GRADIENT(dy * v)
    case unary_log: GRADIENT(dy / v)
    case unary_sin: GRADIENT(dy * vcos(v))
    case unary_cos: GRADIENT(-dy * vsin(v))
    case unary_tan: GRADIENT(dy * vfma(v, v, (vf)1.0f))
    case unary_asin: GRADIENT(dy / vsqrt((1.0f - v) * (1.0f + v)))
    case unary_acos: GRADIENT(-dy / vsqrt((1.0f - v) * (1.0f + v)))
    case unary_atan: GRADIENT(dy / vfma(v, v, (vf)1.0f))
    case unary_sinh: GRADIENT(dy * vcosh(v))
    case unary_cosh: GRADIENT(dy * vsinh(v))
    case unary_tanh: GRADIENT(dy * (1.0f - v * v))
    case unary_asinh: GRADIENT(dy / vsqrt(vfma(v, v, (vf)1.0f)))
    case unary_acosh: GRADIENT(dy / vsqrt((v - 1.0f) * (v + 1.0f)))
    case unary_atanh: GRADIENT(dy / ((1.0f - v) * (1.0f + v)))
    case unary_erf: GRADIENT(dy * 1.12837917f * vexp_(-v * v, 0))
    case unary_sigmoid: GRADIENT(dy * v * (1.0f - v))
    case unary_relu: GRADIENT(VSELECT(v > 0.0f, dy, zero))
    case unary_leaky_relu: GRADIENT(VSELECT(v < 0.0f, p * dy, dy))
    case unary_elu:
      if (from_result) GRADIENT(VSELECT(v < 0.0f, dy * (v + p), dy))
      GRADIENT(VSELECT(v < 0.0f, dy * p * vexp_(v, 0), dy))
    case unary_selu:
      if (from_result) GRADIENT(dy * VSELECT(v < 0.0f, vfma(p, q, v), q))
      GRADIENT(dy * q * VSELECT(v < 0.0f, p * vexp_(v, 0), (vf)1.0f))
    case unary_celu:
      if (from_result) GRADIENT(VSELECT(v < 0.0f, dy * (v / p + 1.0f), dy))
      GRADIENT(VSELECT(v < 0.0f, dy * vexp_(v / p, 0), dy))
    case unary_thresholded_relu: GRADIENT(VSELECT(v > p, dy, zero))
    case unary_hard_sigmoid: GRADIENT(VSELECT((v > 0.0f) & (v < 1.0f), p * dy, zero))
    case unary_hard_swish:
      GRADIENT(VSELECT(v <= -3.0f, zero, VSELECT(v >= 3.0f, dy, dy * vfma(v, (vf)(1.0f / 3.0f), (vf)0.5f))))
    case unary_softplus: GRADIENT(-dy * vexpm1(-v))
    case unary_softsign: GRADIENT(dy / ((1.0f + vabs(v)) * (1.0f + vabs(v))))
    case unary_mish: GRADIENT(dy * vmish_slope(v))
    case unary_gelu: GRADIENT(dy * vgelu_slope(v))
    case unary_gelu_tanh: GRADIENT(dy * vgelu_tanh_slope(v))
    case unary_swish: GRADIENT(dy * vswish_slope(v, p))
    case unary_shrink: GRADIENT(VSELECT((v < -p) | (v > p), dy, zero))
    case unary_clip: GRADIENT(VSELECT((v >= p) & (v <= q), dy, zero))
  }
}
#undef GRADIENT

#define GRADIENT(expression)                  \
  {                                           \
    for (size_t i = 0; i < n; i++) {          \
      double v = value[i], dy = cotangent[i]; \
      target[i] = (expression);               \
    }                                         \
    break;                                    \
  }

INLINE double gelu_slope(double x) {
  return 0.5 * (1 + erf(x * 0.70710678118654752)) + x * 0.39894228040143268 * exp(-0.5 * x * x);
}
INLINE double gelu_tanh_slope(double x) {
  double s = x * x, t = tanh(0.79788456080286536 * x * (1 + 0.044715 * s));
  return 0.5 * (1 + t + x * (1 - t * t) * 0.79788456080286536 * (1 + 0.134145 * s));
}
INLINE double swish_slope(double x, double p) {
  double s = 1 / (1 + exp(-p * x));
  return s * (1 + p * x * (1 - s));
}
INLINE double mish_slope(double x) {
  double t = tanh((x > 0 ? x : 0) + log1p(exp(-fabs(x))));
  return t + x * (1 - t * t) / (1 + exp(-x));
}

static void CAT(gradient_f64, ISA)(int32_t function, int32_t from_result, const double *value, const double *cotangent,
                                   double *target, size_t n, const double *parameters) {
  double p = parameters[0], q = parameters[1];
  switch (function) {
    case unary_abs: GRADIENT(v > 0 ? dy : v < 0 ? -dy : 0)
    case unary_sqrt: GRADIENT(0.5 * dy / v)
    case unary_reciprocal: GRADIENT(-dy * v * v)
    case unary_exp: GRADIENT(dy * v)
    case unary_log: GRADIENT(dy / v)
    case unary_sin: GRADIENT(dy * cos(v))
    case unary_cos: GRADIENT(-dy * sin(v))
    case unary_tan: GRADIENT(dy * (1 + v * v))
    case unary_asin: GRADIENT(dy / sqrt((1 - v) * (1 + v)))
    case unary_acos: GRADIENT(-dy / sqrt((1 - v) * (1 + v)))
    case unary_atan: GRADIENT(dy / (1 + v * v))
    case unary_sinh: GRADIENT(dy * cosh(v))
    case unary_cosh: GRADIENT(dy * sinh(v))
    case unary_tanh: GRADIENT(dy * (1 - v * v))
    case unary_asinh: GRADIENT(dy / sqrt(1 + v * v))
    case unary_acosh: GRADIENT(dy / sqrt((v - 1) * (v + 1)))
    case unary_atanh: GRADIENT(dy / ((1 - v) * (1 + v)))
    case unary_erf: GRADIENT(dy * 1.1283791670955126 * exp(-v * v))
    case unary_sigmoid: GRADIENT(dy * v * (1 - v))
    case unary_relu: GRADIENT(v > 0 ? dy : 0)
    case unary_leaky_relu: GRADIENT(v < 0 ? p * dy : dy)
    case unary_elu: GRADIENT(v < 0 ? dy * (from_result ? v + p : p * exp(v)) : dy)
    case unary_selu: GRADIENT(dy * (v < 0 ? (from_result ? v + p * q : q * p * exp(v)) : q))
    case unary_celu: GRADIENT(v < 0 ? dy * (from_result ? v / p + 1 : exp(v / p)) : dy)
    case unary_thresholded_relu: GRADIENT(v > p ? dy : 0)
    case unary_hard_sigmoid: GRADIENT(v > 0 && v < 1 ? p * dy : 0)
    case unary_hard_swish: GRADIENT(v <= -3 ? 0 : v >= 3 ? dy : dy * (v / 3 + 0.5))
    case unary_softplus: GRADIENT(-dy * expm1(-v))
    case unary_softsign: GRADIENT(dy / ((1 + fabs(v)) * (1 + fabs(v))))
    case unary_mish: GRADIENT(dy * mish_slope(v))
    case unary_gelu: GRADIENT(dy * gelu_slope(v))
    case unary_gelu_tanh: GRADIENT(dy * gelu_tanh_slope(v))
    case unary_swish: GRADIENT(dy * swish_slope(v, p))
    case unary_shrink: GRADIENT(v < -p || v > p ? dy : 0)
    case unary_clip: GRADIENT(v >= p && v <= q ? dy : 0)
  }
}
#undef GRADIENT

KERNEL(unary_gradient)(int32_t function, int32_t type, int32_t from_result, const void *value, const void *cotangent,
                       void *target, size_t n, const void *parameters) {
  switch (type) {
    case scalar_f32: CAT(gradient_f32, ISA)(function, from_result, value, cotangent, target, n, parameters); break;
    case scalar_f64: CAT(gradient_f64, ISA)(function, from_result, value, cotangent, target, n, parameters); break;
    case scalar_f16:
    case scalar_bf16: {
      float values[half_block], cotangents[half_block];
      for (size_t i = 0; i < n; i += half_block) {
        size_t count = n - i < half_block ? n - i : half_block;
        load_half(type, (const uint16_t *)value + i, values, count);
        load_half(type, (const uint16_t *)cotangent + i, cotangents, count);
        CAT(gradient_f32, ISA)(function, from_result, values, cotangents, values, count, parameters);
        store_half(type, values, (uint16_t *)target + i, count);
      }
    }
  }
}
