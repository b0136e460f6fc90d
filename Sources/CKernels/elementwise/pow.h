#pragma clang diagnostic push
// Everything here is inlined, so that no vector is passed by an unsettled convention.
#pragma clang diagnostic ignored "-Wpsabi"

// xʸ in double precision, so that the error of the logarithm does not grow with the exponent.
typedef double vd __attribute__((ext_vector_type(LANES)));
typedef int64_t vl __attribute__((ext_vector_type(LANES)));
typedef uint64_t vul __attribute__((ext_vector_type(LANES)));

INLINE vd vpolynomial_d(vd x, const double *coefficients, int degree) {
  vd p = (vd)coefficients[degree];
#pragma clang loop unroll(full)
  for (int i = degree - 1; i >= 0; i--) p = p * x + coefficients[i];
  return p;
}

// Of a positive float.
INLINE vd vlog2_d(vf x) {
  static const double terms[] = {2.8853900817900859, 0.96179667334189378, 0.57708358494790113, 0.4116727200703405,
                                 0.34073008623113948};
  vul bits = __builtin_bit_cast(vul, __builtin_convertvector(x, vd));
  vul shifted = bits - 0x3fe6a09e667f3bcdull;
  // Small signed integers become doubles by way of 2⁵².
  vul biased = (((shifted >> 52) + 1024) & 4095) | 0x4330000000000000ull;
  vd e = __builtin_bit_cast(vd, biased) - 4503599627371520.0;
  vd m = __builtin_bit_cast(vd, (shifted & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull);
  vd f = (m - 1.0) / (m + 1.0);
  return e + f * vpolynomial_d(f * f, terms, 4);
}

INLINE vf vexp2_d(vd x) {
  static const double terms[] = {1.0000000005541876,   0.69314720573719857,   0.24022646890478272,   0.055503287770768274,
                                 0.009618488973965833, 0.0013399931183330301, 0.00015345807471555447};
  x = x < -200.0 ? (vd)-200.0 : x;
  x = x > 200.0 ? (vd)200.0 : x;
  vd shifted = x + 6755399441055744.0;
  vl n = __builtin_bit_cast(vl, shifted) - 0x4338000000000000ll;
  vd p = vpolynomial_d(x - (shifted - 6755399441055744.0), terms, 6);
  vd scale = __builtin_bit_cast(vd, ((n + 1023) & 2047) << 52);
  return __builtin_convertvector(p * scale, vf);
}

INLINE vf vpow(vf x, vf y) {
  vf a = vabs(x), b = vabs(y);
  vf r = vexp2_d(vlog2_d(a) * __builtin_convertvector(y, vd));
  vi negative_exponent = y < 0.0f;
  r = VSELECT(a == 0.0f, VSELECT(negative_exponent, VINF, (vf)0.0f), r);
  r = VSELECT(a == VINF, VSELECT(negative_exponent, (vf)0.0f, VINF), r);
  vi bounded = b < 16777216.0f;
  vi whole = vint(VSELECT(bounded, y, (vf)0.0f));
  vi is_whole = ~bounded | (vfrom(whole) == y);
  vi is_odd = bounded & is_whole & -(whole & 1);
  vi minus = vbits(x) < 0;
  r = vfloat(vbits(r) ^ (minus & is_odd & (int32_t)0x80000000));
  r = VSELECT((x < 0.0f) & ~(vi)(a == VINF) & ~is_whole, VNAN, r);
  r = VSELECT((a == 1.0f) & (b == VINF), (vf)1.0f, r);
  r = VSELECT((x != x) | (y != y), VNAN, r);
  return VSELECT((y == 0.0f) | (x == 1.0f), (vf)1.0f, r);
}
#pragma clang diagnostic pop
