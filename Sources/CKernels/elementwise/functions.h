// Functions of floats beyond math/functions.h, within a few units in the last place over their whole domain.
#include <math.h>

#define VSELECT(mask, a, b) ((mask) ? (a) : (b))
#define VNAN ((vf)__builtin_nanf(""))
#define VINF ((vf)__builtin_inff())

INLINE vf vsqrt(vf x) { return __builtin_elementwise_sqrt(x); }

INLINE vf vpolynomial(vf x, const float *coefficients, int degree) {
  vf p = (vf)coefficients[degree];
#pragma clang loop unroll(full)
  for (int i = degree - 1; i >= 0; i--) p = vfma(p, x, (vf)coefficients[i]);
  return p;
}

// Halves to even. Beyond 2²² and at NaN, x itself.
INLINE vf vrint(vf x) {
  vf a = vabs(x);
  return VSELECT(a < 4194304.0f, vcopysign((a + 8388608.0f) - 8388608.0f, x), x);
}
INLINE vf vfloor(vf x) {
  vf n = vrint(x);
  return VSELECT(n > x, n - 1.0f, n);
}
INLINE vf vceil(vf x) { return -vfloor(-x); }

INLINE vf vlog(vf x) {
  vi tiny = x < 1.17549435e-38f;
  vi bits = vbits(VSELECT(tiny, x * 8388608.0f, x));
  // Exponent and mantissa with √½ ≤ 1 + f < √2.
  vi shifted = bits - 0x3f3504f3;
  vf e = vfrom((shifted >> 23) - (tiny & 23));
  vf f = vfloat((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  static const float terms[] = {0.333333135f,  -0.250000089f, 0.20002073f, -0.166679963f, 0.142203271f,
                                -0.124060318f, 0.11883568f,   -0.116714492f, 0.0675095618f};
  vf s = f * f;
  vf y = vpolynomial(f, terms, 8) * (s * f);
  y = vfma(e, (vf)-2.12194440e-4f, y);
  y = vfma(s, (vf)-0.5f, y) + f;
  y = vfma(e, (vf)0.693359375f, y);
  y = VSELECT(x < VINF, y, x);
  y = VSELECT(x == 0.0f, -VINF, y);
  return VSELECT(x < 0.0f, VNAN, y);
}

INLINE vf vlog1p(vf x) {
  vf u = 1.0f + x;
  vf y = vlog(u) + (x - (u - 1.0f)) / u;
  y = VSELECT(u == 0.0f, -VINF, y);
  return VSELECT(x == VINF, x, y);
}

// 2ⁿ·(eʳ − 1) + (2ⁿ − 1), doubled last, so that 2ⁿ itself need not be finite.
INLINE vf vexpm1(vf x) {
  static const float terms[] = {0.5f, 0.166666657f, 0.0416664928f, 0.00833354425f, 0.00139323308f, 0.000197633475f};
  x = vclip(x, (vf)-30.0f, (vf)89.0f);
  vf n = vround(x * 1.44269504f);
  vf r = vfma(n, (vf)-0.693359375f, x);
  r = vfma(n, (vf)2.12194440e-4f, r);
  vf p = vfma(r * r, vpolynomial(r, terms, 5), r);
  vi i = vbits(n + 12582912.0f) - vbits((vf)12582912.0f);
  vf half = vfloat((VSELECT(x == x, i, (vi)0) + 126) << 23);
  return 2.0f * vfma(half, p, half - 0.5f);
}

typedef struct {
  vf sine, cosine;
} SineCosine;

// Of −π/4 ≤ r ≤ π/4.
INLINE SineCosine vsincos_near(vf r) {
  static const float sine[] = {-0.166666552f, 0.0083321901f, -0.000195184082f};
  static const float cosine[] = {0.0416666456f, -0.00138873095f, 2.44323364e-05f};
  vf s = r * r;
  return (SineCosine){vfma(r * s, vpolynomial(s, sine, 2), r), vfma(s * s, vpolynomial(s, cosine, 2), vfma(s, (vf)-0.5f, (vf)1.0f))};
}

enum { quarter_limit = 8192 };

// x − n·π/2; the products of the first three parts of π/2 are exact.
INLINE vf vquarter(vf x, vi *n) {
  vf q = vround(x * 0.636619747f);
  *n = vbits(q + 12582912.0f) - vbits((vf)12582912.0f);
  vf r = x - q * 1.5703125f;
  r = r - q * 4.837512969970703125e-4f;
  r = r - q * 7.54953362047672271728515625e-8f;
  return r - q * 2.56334415e-12f;
}

INLINE int vany(vi mask) {
  int32_t any = 0;
  for (size_t i = 0; i < LANES; i++) any |= mask[i];
  return any != 0;
}

// Lanes whose argument is too large for the reduction above.
INLINE vf vbeyond(vf x, vf y, float (*f)(float)) {
  vi far = ~(vi)(vabs(x) <= (float)quarter_limit);
  if (__builtin_expect(!vany(far), 1)) return y;
  for (size_t i = 0; i < LANES; i++)
    if (far[i]) y[i] = f(x[i]);
  return y;
}

INLINE vf vsin(vf x) {
  vi n;
  SineCosine y = vsincos_near(vquarter(x, &n));
  vf v = VSELECT((n & 1) != 0, y.cosine, y.sine);
  v = vfloat(vbits(v) ^ ((n & 2) << 30));
  return vbeyond(x, VSELECT(x == 0.0f, x, v), sinf);
}
INLINE vf vcos(vf x) {
  vi n;
  SineCosine y = vsincos_near(vquarter(x, &n));
  vf v = VSELECT((n & 1) != 0, y.sine, y.cosine);
  return vbeyond(x, vfloat(vbits(v) ^ (((n + 1) & 2) << 30)), cosf);
}
INLINE vf vtan(vf x) {
  vi n;
  SineCosine y = vsincos_near(vquarter(x, &n));
  vi odd = (n & 1) != 0;
  vf v = VSELECT(odd, -y.cosine, y.sine) / VSELECT(odd, y.sine, y.cosine);
  return vbeyond(x, VSELECT(x == 0.0f, x, v), tanf);
}

// asin x / x − 1 over x², of |x| ≤ ½.
INLINE vf vasin_near(vf x) {
  static const float terms[] = {0.166667536f, 0.0749524981f, 0.0454765297f, 0.0241488498f, 0.0422185212f};
  vf s = x * x;
  return vfma(x * s, vpolynomial(s, terms, 4), x);
}
INLINE vf vasin(vf x) {
  vf a = vabs(x);
  vi far = a > 0.5f;
  vf y = vasin_near(VSELECT(far, vsqrt((1.0f - a) * 0.5f), a));
  return vcopysign(VSELECT(far, vfma(y, (vf)-2.0f, (vf)1.57079637f), y), x);
}
INLINE vf vacos(vf x) {
  vf a = vabs(x);
  vi far = a > 0.5f;
  vf y = vasin_near(VSELECT(far, vsqrt((1.0f - a) * 0.5f), x));
  vf end = y + y;
  return VSELECT(far, VSELECT(x < 0.0f, 3.14159274f - end, end), 1.57079637f - y);
}

INLINE vf vatan(vf x) {
  static const float terms[] = {-0.333333164f, 0.199985296f, -0.142444268f, 0.105994284f, -0.0609063096f};
  vf a = vabs(x);
  vi far = a > 2.41421366f, middle = a > 0.414213568f;
  vf t = VSELECT(far, -1.0f / a, VSELECT(middle, (a - 1.0f) / (a + 1.0f), a));
  vf base = VSELECT(far, (vf)1.57079637f, VSELECT(middle, (vf)0.785398185f, (vf)0.0f));
  vf s = t * t;
  return vcopysign(base + vfma(t * s, vpolynomial(s, terms, 4), t), x);
}

// Through √eˣ, which is finite wherever the result is.
INLINE vf vsinh(vf x) {
  vf a = vabs(x), t = vexp_(a * 0.5f, 0), m = vexpm1(a);
  vf near = 0.5f * (m + m / (m + 1.0f)), far = (0.5f * t) * t - (0.5f / t) / t;
  return vcopysign(VSELECT(a < 1.0f, near, far), x);
}
INLINE vf vcosh(vf x) {
  vf t = vexp_(vabs(x) * 0.5f, 0);
  return (0.5f * t) * t + (0.5f / t) / t;
}
INLINE vf vasinh(vf x) {
  vf a = vabs(x), s = a * a;
  vi far = a > 4096.0f;
  vf y = vlog1p(VSELECT(far, a - 1.0f, a + s / (1.0f + vsqrt(1.0f + s))));
  return vcopysign(VSELECT(far, y + 0.693147182f, y), x);
}
INLINE vf vacosh(vf x) {
  vf t = x - 1.0f;
  vi far = x > 4096.0f;
  vf y = vlog1p(VSELECT(far, t, t + vsqrt(vfma(t, t, t + t))));
  return VSELECT(x < 1.0f, VNAN, VSELECT(far, y + 0.693147182f, y));
}
INLINE vf vatanh(vf x) {
  vf a = vabs(x);
  return vcopysign(0.5f * vlog1p((a + a) / (1.0f - a)), x);
}

INLINE vf vsoftplus(vf x) { return vmax(x, (vf)0.0f) + vlog1p(vexp_(-vabs(x), 0)); }

// x·tanh(softplus x), with tanh(log u) = (u² − 1) / (u² + 1).
INLINE vf vmish(vf x) {
  vf e = vexp_(vmin(x, (vf)30.0f), 0), n = e * (e + 2.0f);
  return x * (n / (n + 2.0f));
}

INLINE vf vsign(vf x) { return VSELECT(x > 0.0f, (vf)1.0f, VSELECT(x < 0.0f, (vf)-1.0f, x)); }
