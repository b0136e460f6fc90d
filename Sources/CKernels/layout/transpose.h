#include "blocks.h"

#define TRANSPOSE(size, type)                                                                         \
  KERNEL(transpose_##size) TRANSPOSE_PARAMETERS {                                                     \
    transpose_##type(source, source_stride, destination, destination_stride, rows, columns);          \
  }
TRANSPOSE(1, uint8_t)
TRANSPOSE(2, uint16_t)
TRANSPOSE(4, uint32_t)
TRANSPOSE(8, uint64_t)
#undef TRANSPOSE
