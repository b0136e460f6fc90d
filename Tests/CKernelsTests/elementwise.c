// Functions of elements, for every type.
#include "test.h"

enum { types = scalar_bool + 1 };
static const size_t widths[types] = {4, 8, 2, 2, 1, 2, 4, 8, 1, 2, 4, 8, 1};
static int is_float(int type) { return type <= scalar_bf16; }

static uint16_t float16(float x) {
  _Float16 h = (_Float16)x;
  return __builtin_bit_cast(uint16_t, h);
}

// Random elements: floats within `scale`, now and then a special one, any integers.
static void *elements(int type, size_t count, float scale, int with_special) {
  static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 1e30f, -1e30f, 1e-30f, 300, -70000, 3e9f};
  uint8_t *p = bytes(count * widths[type]);
  for (size_t i = 0; i < count; i++) {
    float x = any_float(scale);
    if (with_special && !any(0, 7)) x = special[any(0, 12)];
    if (type == scalar_f32) memcpy(p + 4 * i, &x, 4);
    if (type == scalar_f64) memcpy(p + 8 * i, &(double){x}, 8);
    if (type == scalar_f16) memcpy(p + 2 * i, &(uint16_t){float16(x)}, 2);
    if (type == scalar_bf16) memcpy(p + 2 * i, &(uint16_t){x == x ? narrow(x) : 0x7fc0}, 2);
    if (type == scalar_bool) p[i] &= 1;
    // Small integers meet more often, and divisors are zero now and then.
    if (!is_float(type) && type != scalar_bool && i % 2)
      memset(p + i * widths[type] + 1, 0, widths[type] - 1);
    if (!is_float(type) && with_special && !any(0, 9)) memset(p + i * widths[type], 0, widths[type]);
  }
  return p;
}

static void expect_elements(int type, const void *y, size_t count, double tolerance) {
  switch (type) {
    case scalar_f32: expect_floats(y, count, tolerance); break;
    case scalar_f64: expect_doubles(y, count, tolerance < 1e-14 ? tolerance : 1e-14); break;
    case scalar_f16: expect_float16(y, count, tolerance > 0 ? 1e-3 : 0); break;
    case scalar_bf16: expect_halves(y, count, tolerance > 0 ? 8e-3 : 0); break;
    default: expect_bytes(y, count * widths[type]); break;
  }
}

// Two parameters of the type that functions compute in.
static const void *parameters(int type, float p, float q) {
  static float f[2];
  static double d[2];
  static int64_t wide[2];
  if (type == scalar_f64) return d[0] = p, d[1] = q, d;
  if (is_float(type)) return f[0] = p, f[1] = q, f;
  char *bytes = (char *)wide;
  for (int i = 0; i < 2; i++) memcpy(bytes + (size_t)i * widths[type], &(int64_t){i ? 100 : 3}, widths[type]);
  return wide;
}

void test_unary(const KernelTable *t) {
  for (int type = 0; type < types; type++) {
    int last = is_float(type) ? unary_clip : unary_bitwise_not;
    for (int function = 0; function <= last; function += 1 + (int)any(0, 2)) {
      size_t n = any_size(0, 70);
      // Where slopes are steep, rounding errors of the operand's reduction grow.
      int special = function != unary_tan && function != unary_mish && coin();
      operands_reset();
      void *x = elements(type, n, function == unary_tan ? 1.4f : 4, special);
      void *y = coin() ? x : elements(type, n, 1, 0);
      t->unary(function, type, x, y, n, parameters(type, 0.5f, 1.25f));
      expect_elements(type, y, n, 3e-6);
    }
  }
}

void test_unary_gradient(const KernelTable *t) {
  for (int type = scalar_f32; type <= scalar_bf16; type++)
    for (int function = 0; function < unary_not; function += 1 + (int)any(0, 2)) {
      size_t n = any_size(0, 70);
      operands_reset();
      int from_result = coin();
      void *x = elements(type, n, 0.9f, 0), *dy = elements(type, n, 1, 0), *dx = elements(type, n, 1, 0);
      t->unary_gradient(function, type, from_result, x, dy, dx, n, parameters(type, 0.5f, 1.25f));
      // Slopes of √x, log x and 1/x are as far from a number as the operand is near 0: there the error is relative.
      expect_elements(type, dx, n, 3e-6);
    }
}

// A loop over rows of operands that repeat or advance, and how many elements they have.
static RowLoop row_loop(int operands, size_t counts[]) {
  RowLoop loop = {.rows = any_size(1, 4), .n = any_size(0, 70), .repeat = (int32_t)any(0, (1 << operands) - 1)};
  if (coin()) loop.repeat = 0;
  for (int i = 0; i < operands; i++) {
    size_t length = loop.repeat >> i & 1 ? 1 : loop.n;
    loop.step[i] = coin() ? (ptrdiff_t)length : coin() ? 0 : (ptrdiff_t)(length + any_size(0, 2));
    counts[i] = extent(loop.rows, (size_t)loop.step[i], length);
  }
  return loop;
}

void test_binary(const KernelTable *t) {
  for (int type = 0; type < types; type++)
    for (int function = 0; function <= (is_float(type) ? binary_prelu : binary_shift_right); function++) {
      size_t counts[2];
      RowLoop loop = row_loop(2, counts);
      operands_reset();
      void *a = elements(type, counts[0], 4, 1), *b = elements(type, counts[1], 4, 1);
      int in_place = coin() && !(loop.repeat & repeat_first) && (size_t)loop.step[0] == loop.n;
      void *y = in_place ? a : elements(type, loop.rows * loop.n, 1, 0);
      int32_t fault = 0;
      t->binary(function, type, a, b, y, &loop, &fault);
      expect_elements(type, y, loop.rows * loop.n, function == binary_pow ? 1e-6 : 0);
      expect_bytes(&fault, sizeof fault);
    }
}

void test_compare(const KernelTable *t) {
  for (int type = 0; type < types; type++)
    for (int function = compare_equal; function <= compare_less_or_equal; function++) {
      size_t counts[2];
      RowLoop loop = row_loop(2, counts);
      operands_reset();
      void *a = elements(type, counts[0], 4, 1), *b = elements(type, counts[1], 4, 1);
      uint8_t *y = bytes(loop.rows * loop.n);
      t->compare(function, type, a, b, y, &loop);
      expect_bytes(y, loop.rows * loop.n);
    }
}

void test_classify(const KernelTable *t) {
  for (int type = scalar_f32; type <= scalar_bf16; type++)
    for (int function = classify_nan; function <= classify_negative_infinite; function++) {
      size_t n = any_size(0, 300);
      operands_reset();
      void *x = elements(type, n, 4, 1);
      uint8_t *y = bytes(n);
      t->classify(function, type, x, y, n);
      expect_bytes(y, n);
    }
}

void test_select(const KernelTable *t) {
  for (size_t width = 1; width <= 16; width *= 2) {
    size_t counts[3];
    RowLoop loop = row_loop(3, counts);
    operands_reset();
    uint8_t *condition = elements(scalar_bool, counts[0], 1, 0);
    uint8_t *a = bytes(counts[1] * width), *b = bytes(counts[2] * width);
    uint8_t *y = bytes(loop.rows * loop.n * width);
    t->select(width, condition, a, b, y, &loop);
    expect_bytes(y, loop.rows * loop.n * width);
  }
}

void test_convert(const KernelTable *t) {
  for (int from = 0; from < types; from++)
    for (int to = 0; to < types; to++) {
      size_t n = any_size(0, 40);
      if (!any(0, 9)) n = any_size(250, 270);
      operands_reset();
      void *x = elements(from, n, coin() ? 4 : 1000, 1), *y = elements(to, n, 1, 0);
      t->convert(from, to, x, y, n);
      expect_elements(to, y, n, 0);
    }
}
