#pragma once
#include <stddef.h>
#include <stdint.h>

#define TRANSPOSE_PARAMETERS                                                                                \
  (const void *source, ptrdiff_t source_stride, void *destination, ptrdiff_t destination_stride, size_t rows, \
   size_t columns)

// destination[j][i] = source[i][j] for a rows × columns matrix of 1, 2, 4 or 8 byte elements; strides in bytes, any alignment.
#define LAYOUT_KERNELS(X)              \
  X(transpose_1, TRANSPOSE_PARAMETERS) \
  X(transpose_2, TRANSPOSE_PARAMETERS) \
  X(transpose_4, TRANSPOSE_PARAMETERS) \
  X(transpose_8, TRANSPOSE_PARAMETERS)
