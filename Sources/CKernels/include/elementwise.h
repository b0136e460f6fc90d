#pragma once
#include <stddef.h>
#include <stdint.h>

/// Types of elements. Booleans are 0 or 1 in a byte.
enum ScalarCode {
  scalar_f32,
  scalar_f64,
  scalar_f16,
  scalar_bf16,
  scalar_i8,
  scalar_i16,
  scalar_i32,
  scalar_i64,
  scalar_u8,
  scalar_u16,
  scalar_u32,
  scalar_u64,
  scalar_bool,
};

/// Functions of one element, with up to two parameters p and q.
enum UnaryCode {
  unary_abs,
  unary_neg,
  unary_sign,
  unary_floor,
  unary_ceil,
  unary_round,
  unary_sqrt,
  unary_reciprocal,
  unary_exp,
  unary_log,
  unary_sin,
  unary_cos,
  unary_tan,
  unary_asin,
  unary_acos,
  unary_atan,
  unary_sinh,
  unary_cosh,
  unary_tanh,
  unary_asinh,
  unary_acosh,
  unary_atanh,
  unary_erf,
  unary_sigmoid,
  unary_relu,
  unary_leaky_relu,        // x < 0 ? p·x : x
  unary_elu,               // x < 0 ? p·(eˣ − 1) : x
  unary_selu,              // q·elu(x, p)
  unary_celu,              // x < 0 ? p·(e^(x/p) − 1) : x
  unary_thresholded_relu,  // x > p ? x : 0
  unary_hard_sigmoid,      // max(0, min(1, p·x + q))
  unary_hard_swish,
  unary_softplus,
  unary_softsign,
  unary_mish,
  unary_gelu,
  unary_gelu_tanh,
  unary_swish,             // x·sigmoid(p·x)
  unary_shrink,            // x < −p ? x + q : x > p ? x − q : 0
  unary_clip,              // min(q, max(p, x))
  unary_not,               // of booleans
  unary_bitwise_not,
};

/// Functions of two elements. Sums, products and negations of integers wrap; a division of integers by zero gives 0.
enum BinaryCode {
  binary_add,
  binary_sub,
  binary_mul,
  binary_div,
  binary_modulo,     // sign of the divisor
  binary_remainder,  // sign of the dividend
  binary_pow,
  binary_max,
  binary_min,
  binary_prelu,      // a < 0 ? a·b : a
  binary_and,
  binary_or,
  binary_xor,
  binary_shift_left,
  binary_shift_right,
};

enum CompareCode { compare_equal, compare_less, compare_less_or_equal };

enum ClassifyCode { classify_nan, classify_infinite, classify_positive_infinite, classify_negative_infinite };

/// Bits that say which operands repeat one element along a row.
enum { repeat_first = 1, repeat_second = 2, repeat_third = 4 };

/// Rows of `n` elements. The result is dense; operand i advances by step[i] elements from row to row.
typedef struct {
  size_t rows, n;
  ptrdiff_t step[3];
  int32_t repeat;
} RowLoop;

// Codes are those above. In- and outputs may be the same memory if nothing of the input repeats.
// Parameters of `unary` are two of the type it computes in: float for all floating-point types up to 32 bits, else the type itself.
// `unary_gradient` gives dx = dy · f′ of the functions that have a slope. `value` is f's operand, or with `from_result` its
// result; sqrt, reciprocal, exp, tan, tanh, sigmoid, hard_sigmoid and softplus want the result, elu, selu and celu take either,
// relu and leaky_relu read signs only, all others want the operand.
// `fault` is set to 1 when an integer is divided by zero.
#define ELEMENTWISE_KERNELS(X)                                                                                        \
  X(unary, (int32_t function, int32_t type, const void *x, void *y, size_t n, const void *parameters))                \
  X(unary_gradient, (int32_t function, int32_t type, int32_t from_result, const void *value, const void *cotangent,    \
                     void *target, size_t n, const void *parameters))                                                 \
  X(binary, (int32_t function, int32_t type, const void *a, const void *b, void *y, const RowLoop *loop,              \
             int32_t *fault))                                                                                         \
  X(compare, (int32_t function, int32_t type, const void *a, const void *b, uint8_t *y, const RowLoop *loop))         \
  X(classify, (int32_t function, int32_t type, const void *x, uint8_t *y, size_t n))                                  \
  X(select, (size_t width, const uint8_t *condition, const void *a, const void *b, void *y, const RowLoop *loop))     \
  X(convert, (int32_t from, int32_t to, const void *x, void *y, size_t n))
