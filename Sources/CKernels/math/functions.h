#pragma once
// Transcendental functions on vectors. `exact` keeps every step a separate rounding, which gives the same bits on every
// instruction set; otherwise multiply-adds are fused where that is an instruction.
INLINE vf vmadd(vf a, vf b, vf c, int exact) { return exact ? a * b + c : vfma(a, b, c); }

// 2ⁿ · x in two steps, so that results near the ends of the range round once.
INLINE vf vscale(vf x, vi n) {
  vi half = n >> 1;
  return x * vfloat((half + 127) << 23) * vfloat((n - half + 127) << 23);
}

// 1 / x for normal x whose reciprocal is normal; smaller reciprocals may be 0.
INLINE vf vreciprocal(vf x, int exact) {
#if HAS_AVX512
  if (!exact) {
    vf y = (vf)_mm512_rcp14_ps((__m512)x);
    return vfma(vfma(-x, y, (vf)1.0f), y, y);
  }
#endif
  return 1.0f / x;
}

// For −104 ≤ x ≤ 89.
INLINE vf vexp_inside(vf x, int exact) {
  vf n = vmadd(x, (vf)1.44269504f, (vf)12582912.0f, exact) - 12582912.0f;
  vf r = vmadd(n, (vf)-0.693359375f, x, exact);
  r = vmadd(n, (vf)2.12194440e-4f, r, exact);
  vf p = (vf)0.00138204114f;
  p = vmadd(p, r, (vf)0.00836867746f, exact);
  p = vmadd(p, r, (vf)0.0416682698f, exact);
  p = vmadd(p, r, (vf)0.166665211f, exact);
  p = vmadd(p, r, (vf)0.49999994f, exact);
  p = vmadd(p, r, (vf)1.0f, exact);
  p = vmadd(p, r, (vf)1.0f, exact);
#if HAS_AVX512
  if (!exact) return (vf)_mm512_scalef_ps((__m512)p, (__m512)n);
#endif
  // Where x is NaN the conversion gives some integer; 0 keeps the scale finite.
  vi i = vbits(n + 12582912.0f) - vbits((vf)12582912.0f);
  return vscale(p, x == x ? i : (vi)0);
}

INLINE vf vexp_(vf x, int exact) { return vexp_inside(vclip(x, (vf)-104.0f, (vf)89.0f), exact); }

INLINE vf vsigmoid_(vf x, int exact) {
#if HAS_AVX512
  // Within these bounds the reciprocal is a normal number.
  if (!exact) {
    vf y = vreciprocal(1.0f + vexp_inside(vclip(-x, (vf)-87.0f, (vf)87.0f), 0), 0);
    return x < -87.0f ? (vf)0.0f : y;
  }
#endif
  return 1.0f / (1.0f + vexp_(-x, exact));
}

INLINE vf vabs(vf x) { return vfloat(vbits(x) & 0x7fffffff); }
INLINE vf vcopysign(vf magnitude, vf sign) {
  return vfloat((vbits(magnitude) & 0x7fffffff) | (vbits(sign) & (int32_t)0x80000000));
}

INLINE vf vtanh_(vf x, int exact) {
  vf a = vabs(x), s = x * x;
  // tanh x / x − 1 on |x| < 0.625, in powers of x².
  vf p = (vf)-0.006104948f;
  p = vmadd(p, s, (vf)0.021003641f, exact);
  p = vmadd(p, s, (vf)-0.0538525f, exact);
  p = vmadd(p, s, (vf)0.13332783f, exact);
  p = vmadd(p, s, (vf)-0.33333328f, exact);
  vf near = vmadd(x * s, p, x, exact);
  vf far = vcopysign(1.0f - 2.0f * vreciprocal(vexp_inside(vmin(a + a, (vf)(exact ? 89.0f : 87.0f)), exact) + 1.0f, exact), x);
  return a < 0.625f ? near : (x == x ? far : x);
}

INLINE vf verf_(vf x, int exact) {
  vf a = vabs(x), s = x * x;
  // erf x / x on |x| < 1, in powers of x².
  vf p = (vf)7.8824974e-05f;
  p = vmadd(p, s, (vf)-0.0008018855f, exact);
  p = vmadd(p, s, (vf)0.005189312f, exact);
  p = vmadd(p, s, (vf)-0.026854329f, exact);
  p = vmadd(p, s, (vf)0.11283597f, exact);
  p = vmadd(p, s, (vf)-0.37612626f, exact);
  p = vmadd(p, s, (vf)1.1283791f, exact);
  vf near = x * p;
  // erfc x · exp x² on 1 ≤ x < 4, in powers of (x − 2) / (x + 2).
  vf b = vmin(a, (vf)4.0f), t = (b - 2.0f) * vreciprocal(b + 2.0f, exact);
  vf q = (vf)5.0519186e-05f;
  q = vmadd(q, t, (vf)-0.0009395477f, exact);
  q = vmadd(q, t, (vf)-0.0008477986f, exact);
  q = vmadd(q, t, (vf)0.0069939583f, exact);
  q = vmadd(q, t, (vf)0.003732918f, exact);
  q = vmadd(q, t, (vf)-0.07897847f, exact);
  q = vmadd(q, t, (vf)0.2416582f, exact);
  q = vmadd(q, t, (vf)-0.42718583f, exact);
  q = vmadd(q, t, (vf)0.25539568f, exact);
  vf far = vcopysign(1.0f - q * vexp_(-s, exact), x);
  return a < 1.0f ? near : (x == x ? far : x);
}
