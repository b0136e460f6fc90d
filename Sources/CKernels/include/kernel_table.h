// One table of functions per instruction set; the same bodies, compiled once per set.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "convolution.h"
#include "elementwise.h"
#include "gemm.h"
#include "gradients.h"
#include "layout.h"
#include "probe.h"
#include "reduce.h"
#include "rows.h"
#include "statistics.h"
#include "training.h"

#pragma clang assume_nonnull begin

// The list of kernels: X(name, (parameters)). Every kernel returns void.
#define KERNELS(X)         \
  GEMM_KERNELS(X)          \
  CONVOLUTION_KERNELS(X)   \
  LAYOUT_KERNELS(X)        \
  ELEMENTWISE_KERNELS(X)   \
  BYTE_KERNELS(X)          \
  REDUCE_KERNELS(X)        \
  ROW_KERNELS(X)           \
  STATISTICS_KERNELS(X)    \
  TRAINING_KERNELS(X)      \
  GRADIENT_KERNELS(X)      \
  PROBE_KERNELS(X)

typedef struct {
  const char *isa;
  /// fp32 elements of a vector register.
  size_t lanes;
  /// Columns of a packed panel and rows of the widest tile, of fp32 and int8 products.
  size_t panel_columns, tile_rows;
  /// What the depth of packed bfloat16 rows is rounded up to.
  size_t bf16_depth;
  /// Rows that integer products take at once, or a multiple that several threads share well.
  size_t integer_rows;
#define X(name, args) void (*name) args;
  KERNELS(X)
#undef X
} KernelTable;

/// The best table this machine can run, or the one `HONE_ISA` names; decided once.
const KernelTable *kernel_table(void);
/// Every table this machine can run, best first.
size_t kernel_tables(const KernelTable *_Nullable *_Nonnull out, size_t capacity);
/// The number of kernels in a table.
size_t kernel_count(void);
/// The name of kernel `index`.
const char *kernel_name(size_t index);
/// The instruction set that `table` took kernel `index` from.
const char *kernel_origin(const KernelTable *table, size_t index);

#pragma clang assume_nonnull end
