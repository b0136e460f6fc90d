#pragma once
#include "cubics.h"
#include "functions.h"

// With `half` results are good enough for bfloat16.

// x ← 1 / x, for normal x whose reciprocal is normal.
INLINE void vreciprocal_each(vf x[], int n, int half) {
#if HAS_AVX512
  vf y[each_most];
  EACH_VECTOR(i, n) y[i] = (vf)_mm512_rcp14_ps((__m512)x[i]);
  if (!half) {
    EACH_VECTOR(i, n) x[i] = vfma(-x[i], y[i], (vf)1.0f);
    EACH_VECTOR(i, n) y[i] = vfma(x[i], y[i], y[i]);
  }
  EACH_VECTOR(i, n) x[i] = y[i];
#else
  EACH_VECTOR(i, n) x[i] = 1.0f / x[i];
#endif
}

// z ← 2^(z · scale), for −126 ≤ z · scale ≤ 126; where lanes are scaled by an instruction, smaller powers become 0.
INLINE void vpower_each(vf z[], float scale, int n, int half) {
  vf f[each_most], m[each_most], p[each_most];
#if HAS_AVX512
  EACH_VECTOR(i, n) m[i] = z[i] * scale;
  EACH_VECTOR(i, n) f[i] = (vf)_mm512_reduce_ps((__m512)m[i], _MM_FROUND_TO_NEG_INF);
#else
  EACH_VECTOR(i, n) m[i] = vfma(z[i], (vf)scale, (vf)-0.5f) + 12582912.0f;
  EACH_VECTOR(i, n) f[i] = vfma(z[i], (vf)scale, 12582912.0f - m[i]);
#endif
  if (half) {
    EACH_VECTOR(i, n) p[i] = vfma((vf)0.078024522f, f[i], (vf)0.226067156f);
    EACH_VECTOR(i, n) p[i] = vfma(p[i], f[i], (vf)0.69583354f);
    EACH_VECTOR(i, n) p[i] = vfma(p[i], f[i], (vf)0.999925219f);
  } else {
    EACH_VECTOR(i, n) p[i] = vfma((vf)0.00187757667f, f[i], (vf)0.00898934011f);
    EACH_VECTOR(i, n) p[i] = vfma(p[i], f[i], (vf)0.055826318f);
    EACH_VECTOR(i, n) p[i] = vfma(p[i], f[i], (vf)0.240153617f);
    EACH_VECTOR(i, n) p[i] = vfma(p[i], f[i], (vf)0.693153073f);
    EACH_VECTOR(i, n) p[i] = vfma(p[i], f[i], (vf)0.999999925f);
  }
#if HAS_AVX512
  EACH_VECTOR(i, n) z[i] = (vf)_mm512_scalef_ps((__m512)p[i], (__m512)m[i]);
#else
  // The integer is in the last bits of m, which the shift leaves alone.
  EACH_VECTOR(i, n) z[i] = p[i] * vfloat((vbits(m[i]) + 127) << 23);
#endif
}

// x / (1 + e⁻ˣ)
INLINE void vsilu_each(vf x[], int n, int half) {
  vf d[each_most];
#if HAS_AVX512
  EACH_VECTOR(i, n) d[i] = vmax(x[i], (vf)-87.0f);
#else
  EACH_VECTOR(i, n) d[i] = vclip(x[i], (vf)-87.0f, (vf)87.0f);
#endif
  vpower_each(d, -1.44269504f, n, half);
  EACH_VECTOR(i, n) d[i] += 1.0f;
  vreciprocal_each(d, n, half);
  EACH_VECTOR(i, n) x[i] *= d[i];
}

// x · Φ(x), with erfc a = t · P(t) · exp −a², t = 1 / (1 + 0.39 a), in the manner of Abramowitz and Stegun 7.1.26.
INLINE void vgelu_each(vf x[], int n, int half) {
  vf t[each_most], e[each_most], p[each_most];
  // Beyond the bound what is left of Φ is nothing.
  EACH_VECTOR(i, n) t[i] = vmin(vabs(x[i]), (vf)13.2f);
  EACH_VECTOR(i, n) e[i] = t[i] * t[i];
  EACH_VECTOR(i, n) t[i] = vfma(t[i], (vf)0.275771645f, (vf)1.0f);
  vreciprocal_each(t, n, half);
  vpower_each(e, -0.721347520f, n, half);
  EACH_VECTOR(i, n) p[i] = vfma((vf)-0.11376846f, t[i], (vf)0.44333177f);
  EACH_VECTOR(i, n) p[i] = vfma(p[i], t[i], (vf)-0.317699465f);
  EACH_VECTOR(i, n) p[i] = vfma(p[i], t[i], (vf)0.324779155f);
  EACH_VECTOR(i, n) p[i] = vfma(p[i], t[i], (vf)0.045694425f);
  EACH_VECTOR(i, n) p[i] = vfma(p[i], t[i], (vf)0.11766257f);
  EACH_VECTOR(i, n) p[i] *= t[i] * e[i];
  EACH_VECTOR(i, n) x[i] *= x[i] < 0.0f ? p[i] : 1.0f - p[i];
}

// Sigmoid and tanh within 3e-7, but not of their own size: for what is added to and multiplied with others of size 1.
INLINE vf vsigmoid_near(vf x) {
#if HAS_AVX512
  vf y;
  vcubic_each(&x, &y, 1, cubic_sigmoid, cubic_sigmoid_scale);
  return vcopysign(y, x) + 0.5f;
#else
  return vsigmoid_(x, 0);
#endif
}
INLINE vf vtanh_near(vf x) {
#if HAS_AVX512
  vf y;
  vcubic_each(&x, &y, 1, cubic_sigmoid, 2 * cubic_sigmoid_scale);
  return vcopysign(y + y, x);
#else
  return vtanh_(x, 0);
#endif
}

// `code` is an enum ActivationCode with parameters p0 and p1.
INLINE vf vactivate_(vf x, int code, vf p0, vf p1, int exact) {
  switch (code) {
    case activation_clip: return vclip(x, p0, p1);
    case activation_leaky_relu: return x < 0.0f ? x * p0 : x;
    case activation_sigmoid: return vsigmoid_(x, exact);
    case activation_tanh: return vtanh_(x, exact);
    case activation_gelu:
      if (exact) return 0.5f * x * (1.0f + verf_(x * 0.70710678f, exact));
      vgelu_each(&x, 1, 0);
      return x;
    case activation_gelu_tanh: {
      vf cubic = vmadd(x * x * x, (vf)0.044715f, x, exact);
      return 0.5f * x * (1.0f + vtanh_(cubic * 0.79788456f, exact));
    }
    case activation_silu:
      if (exact) return x * vsigmoid_(x, exact);
      vsilu_each(&x, 1, 0);
      return x;
    case activation_hard_sigmoid: return vclip(vmadd(x, p0, p1, exact), (vf)0.0f, (vf)1.0f);
    case activation_hard_swish: return x * vclip(vmadd(x, (vf)(1.0f / 6.0f), (vf)0.5f, exact), (vf)0.0f, (vf)1.0f);
    default: return x;
  }
}

// As vactivate_, for results that become bfloat16.
INLINE vf vactivate_half_(vf x, int code, vf p0, vf p1) {
  switch (code) {
    case activation_sigmoid: {
      vf d = vclip(x, (vf)-87.0f, (vf)87.0f);
      vpower_each(&d, -1.44269504f, 1, 1);
      d += 1.0f;
      vreciprocal_each(&d, 1, 1);
      return d;
    }
    case activation_silu: vsilu_each(&x, 1, 1); return x;
    case activation_gelu: vgelu_each(&x, 1, 1); return x;
    case activation_gelu_tanh: {
      vf cubic = vfma(x * x * x, (vf)0.044715f, x), d = vclip(cubic * -1.59576912f, (vf)-87.0f, (vf)87.0f);
      vpower_each(&d, 1.44269504f, 1, 1);
      d += 1.0f;
      vreciprocal_each(&d, 1, 1);
      return x * d;
    }
    default: return vactivate_(x, code, p0, p1, 0);
  }
}

// As vactivate_, of several vectors, in epilogues: SiLU and GELU may be in cubic segments.
INLINE void vactivate_each(vf x[], int n, int code, vf p0, vf p1, int half) {
  switch (code) {
#if HAS_AVX512
    case activation_silu: vcubic_rectifier_each(x, n, cubic_silu, cubic_silu_scale); break;
    case activation_gelu: vcubic_rectifier_each(x, n, cubic_gelu, cubic_gelu_scale); break;
    case activation_gelu_tanh: vcubic_rectifier_each(x, n, cubic_gelu_tanh, cubic_gelu_tanh_scale); break;
#else
    case activation_silu: vsilu_each(x, n, half); break;
    case activation_gelu: vgelu_each(x, n, half); break;
#endif
    default: EACH_VECTOR(i, n) x[i] = half ? vactivate_half_(x[i], code, p0, p1) : vactivate_(x[i], code, p0, p1, 0);
  }
}
