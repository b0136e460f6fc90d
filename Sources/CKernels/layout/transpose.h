#include "blocks.h"

#define TRANSPOSE(size, type)                                                                         \
  KERNEL(transpose_##size) TRANSPOSE_PARAMETERS {                                                     \
    transpose_##type(source, source_stride, destination, destination_stride, rows, columns);          \
// Matrices go in blocks of one cache line by one cache line. A block is put together in a buffer, so that every line of
// the source is read once and every line of the destination written once, however the strides fall on the cache's sets.

#define ZIP_LOW_2 0, 2
#define ZIP_HIGH_2 1, 3
#define ZIP_LOW_4 0, 4, 1, 5
#define ZIP_HIGH_4 2, 6, 3, 7
#define ZIP_LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define ZIP_HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define ZIP_LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define ZIP_HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define UNROLLED _Pragma("clang loop unroll(full)")

// tile: n × n elements, n of which fill 16 bytes; log₂ n rounds of interleaving row i with row i + n/2.
#define TRANSPOSE(size, type, n)                                                                               \
  typedef type CAT(tile_row_##size, ISA) __attribute__((ext_vector_type(n)));                                  \
  INLINE void CAT(transpose_tile_##size, ISA)(const char *s, ptrdiff_t ss, char *d, ptrdiff_t ds) {            \
    CAT(tile_row_##size, ISA) a[n], b[n];                                                                      \
    UNROLLED for (size_t i = 0; i < n; i++) memcpy(&a[i], s + (ptrdiff_t)i * ss, 16);                          \
    UNROLLED for (size_t step = 1; step < n; step *= 2) {                                                      \
      UNROLLED for (size_t i = 0; i < n / 2; i++) {                                                            \
        b[2 * i] = __builtin_shufflevector(a[i], a[i + n / 2], ZIP_LOW_##n);                                   \
        b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + n / 2], ZIP_HIGH_##n);                              \
      }                                                                                                        \
      UNROLLED for (size_t i = 0; i < n; i++) a[i] = b[i];                                                     \
    }                                                                                                          \
    UNROLLED for (size_t i = 0; i < n; i++) memcpy(d + (ptrdiff_t)i * ds, &a[i], 16);                          \
  }                                                                                                            \
  INLINE void CAT(transpose_plain_##size, ISA)(const char *s, ptrdiff_t ss, char *d, ptrdiff_t ds,             \
                                               size_t rows, size_t columns) {                                  \
    if (rows == 3) { /* planes of colours to pixels */                                                         \
      for (size_t j = 0; j < columns; j++)                                                                     \
        UNROLLED for (size_t i = 0; i < 3; i++)                                                                \
          memcpy(d + (ptrdiff_t)j * ds + i * size, s + (ptrdiff_t)i * ss + j * size, size);                    \
      return;                                                                                                  \
    }                                                                                                          \
    for (size_t j = 0; j < columns; j++)                                                                       \
      for (size_t i = 0; i < rows; i++)                                                                        \
        memcpy(d + (ptrdiff_t)j * ds + i * size, s + (ptrdiff_t)i * ss + j * size, size);                      \
  }                                                                                                            \
  INLINE void CAT(transpose_edge_##size, ISA)(const char *s, ptrdiff_t ss, char *d, ptrdiff_t ds, size_t rows, \
                                              size_t columns) {                                                \
    size_t i1 = rows / n * n, j1 = columns / n * n;                                                            \
    for (size_t i = 0; i < i1; i += n)                                                                         \
      for (size_t j = 0; j < j1; j += n)                                                                       \
        CAT(transpose_tile_##size, ISA)                                                                        \
    (s + (ptrdiff_t)i * ss + j * size, ss, d + (ptrdiff_t)j * ds + i * size, ds);                              \
    CAT(transpose_plain_##size, ISA)(s + j1 * size, ss, d + (ptrdiff_t)j1 * ds, ds, i1, columns - j1);         \
    CAT(transpose_plain_##size, ISA)(s + (ptrdiff_t)i1 * ss, ss, d + i1 * size, ds, rows - i1, columns);       \
  }                                                                                                            \
  KERNEL(transpose_##size) TRANSPOSE_PARAMETERS {                                                              \
    enum { line = 64, side = line / size };                                                                    \
    for (size_t i0 = 0; i0 < rows; i0 += side)                                                                 \
      for (size_t j0 = 0; j0 < columns; j0 += side) {                                                          \
        const char *s = (const char *)source + (ptrdiff_t)i0 * source_stride + j0 * size;                      \
        char *d = (char *)destination + (ptrdiff_t)j0 * destination_stride + i0 * size;                        \
        size_t m = rows - i0 < side ? rows - i0 : side, k = columns - j0 < side ? columns - j0 : side;         \
        if (m < side || k < side) {                                                                            \
          CAT(transpose_edge_##size, ISA)(s, source_stride, d, destination_stride, m, k);                      \
          continue;                                                                                            \
        }                                                                                                      \
        _Alignas(64) char block[side * line];                                                                  \
        for (size_t i = 0; i < side; i += n)                                                                   \
          for (size_t j = 0; j < side; j += n)                                                                 \
            CAT(transpose_tile_##size, ISA)                                                                    \
        (s + (ptrdiff_t)i * source_stride + j * size, source_stride, block + j * line + i * size, line);       \
        for (size_t j = 0; j < side; j++) memcpy(d + (ptrdiff_t)j * destination_stride, block + j * line, line); \
      }                                                                                                        \
  }
TRANSPOSE(1, uint8_t, 16)
TRANSPOSE(2, uint16_t, 8)
TRANSPOSE(4, uint32_t, 4)
TRANSPOSE(8, uint64_t, 2)
#undef TRANSPOSE
#undef UNROLLED
