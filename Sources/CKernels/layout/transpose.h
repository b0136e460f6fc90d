// Blocks small enough that both the rows read and the rows written stay in the first-level cache.
#define TRANSPOSE(size, type)                                                                                  \
  KERNEL(transpose_##size) TRANSPOSE_PARAMETERS {                                                              \
    enum { block = 16 };                                                                                       \
    for (size_t i0 = 0; i0 < rows; i0 += block)                                                                \
      for (size_t j0 = 0; j0 < columns; j0 += block) {                                                         \
        size_t i1 = i0 + block < rows ? i0 + block : rows, j1 = j0 + block < columns ? j0 + block : columns;   \
        for (size_t j = j0; j < j1; j++)                                                                       \
          for (size_t i = i0; i < i1; i++)                                                                     \
            memcpy((char *)destination + (ptrdiff_t)j * destination_stride + i * size,                         \
                   (const char *)source + (ptrdiff_t)i * source_stride + j * size, size);                      \
      }                                                                                                        \
  }
TRANSPOSE(1, uint8_t)
TRANSPOSE(2, uint16_t)
TRANSPOSE(4, uint32_t)
TRANSPOSE(8, uint64_t)
#undef TRANSPOSE
