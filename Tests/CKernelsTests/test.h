// What tests of kernels are written in. A test is a body that draws operands at random, runs a kernel and says what to
// expect of its results. It runs with the portable table first, which records them, then with the table under test,
// which must give the same. Bodies draw the same whatever the table: what depends on it, such as packed panels, draws
// nothing.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

/// One test for each kernel in the list of kernels: a kernel without a test does not link.
#define X(name, args) void test_##name(const KernelTable *t);
KERNELS(X)
#undef X

/// Tests of what is in no table. The recording run computes plainly what the checked one must give.
void test_movement(const KernelTable *t);
void test_threads(const KernelTable *t);

// Random numbers, the same in both runs.

/// An integer in low...high.
int64_t any(int64_t low, int64_t high);
size_t any_size(size_t low, size_t high);
/// Whether a coin falls on heads.
int coin(void);
/// In −scale...scale.
float any_float(float scale);

// Operands, each between pages that cannot be read or written: it touches one of them at its end, or at its beginning.

/// Zeroed bytes.
void *operand(size_t size);
/// Random elements.
float *floats(size_t count, float scale);
/// bfloat16.
uint16_t *halves(size_t count, float scale);
uint8_t *bytes(size_t count);
int32_t *integers(size_t count, int32_t low, int32_t high);

/// Frees all operands, so that a body may have many after each other.
void operands_reset(void);

#define NEW(type, count) ((type *)operand((count) * sizeof(type)))

// Expectations. `tolerance` bounds the error relative to the expected number, or absolute below 1.

void expect_floats(const float *y, size_t count, double tolerance);
void expect_doubles(const double *y, size_t count, double tolerance);
/// bfloat16.
void expect_halves(const uint16_t *y, size_t count, double tolerance);
void expect_float16(const uint16_t *y, size_t count, double tolerance);
/// The same bits, on every architecture.
void expect_bytes(const void *y, size_t size);
/// Must hold in itself.
void expect(int holds, const char *what);

// Shared parts of operands.

static inline size_t up(size_t n, size_t to) { return (n + to - 1) / to * to; }
static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }
static inline float widen(uint16_t x) { return __builtin_bit_cast(float, (uint32_t)x << 16); }
uint16_t narrow(float x);
/// Elements of `rows` rows of `n`, `stride` apart.
static inline size_t extent(size_t rows, size_t stride, size_t n) { return rows ? (rows - 1) * stride + n : 0; }

/// Rows of A of `width` bytes per element, of random content; taps · depth elements each.
RowSource row_source(size_t rows, size_t width);
/// The same of long rows.
RowSource long_row_source(size_t rows, size_t depth, size_t width);
/// A random epilogue of rows × columns. `half` gives residuals in bfloat16.
EpilogueF32 epilogue_f32(size_t rows, size_t columns, int half);
EpilogueI8 epilogue_i8(size_t rows, size_t columns, int32_t result);
/// A random window over an image with at least one output, and how many rows of outputs there are.
Window window(size_t *output_height);
/// Random sizes of Winograd's tiles and how many images there are.
WinogradTiles winograd_tiles(size_t *images);
