#pragma once
// Square blocks transposed in registers: interleaving rows i and i + N/2, log₂ N times.
#define INDICES_2(half) (half), 2 + (half)
#define INDICES_4(half) 2 * (half), 4 + 2 * (half), 2 * (half) + 1, 5 + 2 * (half)
#define PAIR(n, i) (i), (n) + (i)
#define INDICES_8(half) PAIR(8, 4 * (half)), PAIR(8, 4 * (half) + 1), PAIR(8, 4 * (half) + 2), PAIR(8, 4 * (half) + 3)
#define INDICES_16(half)                                                                               \
  PAIR(16, 8 * (half)), PAIR(16, 8 * (half) + 1), PAIR(16, 8 * (half) + 2), PAIR(16, 8 * (half) + 3),  \
      PAIR(16, 8 * (half) + 4), PAIR(16, 8 * (half) + 5), PAIR(16, 8 * (half) + 6), PAIR(16, 8 * (half) + 7)

#define BLOCK(n, type)                                                                                        \
  INLINE void transpose_block_##type(const char *source, ptrdiff_t source_stride, char *destination,          \
                                     ptrdiff_t destination_stride) {                                          \
    typedef type Row __attribute__((ext_vector_type(n)));                                                     \
    Row a[n], b[n];                                                                                           \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < n; i++)                                            \
        memcpy(&a[i], source + i * source_stride, sizeof(Row));                                               \
    _Pragma("clang loop unroll(full)") for (int stage = 1; stage < n; stage *= 2) {                           \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < n / 2; i++) {                                    \
        b[2 * i] = __builtin_shufflevector(a[i], a[i + n / 2], INDICES_##n(0));                               \
        b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + n / 2], INDICES_##n(1));                           \
      }                                                                                                       \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < n; i++) a[i] = b[i];                             \
    }                                                                                                         \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < n; i++)                                            \
        memcpy(destination + i * destination_stride, &a[i], sizeof(Row));                                     \
  }

// Three rows side by side: lane i of vector k is element (k · n + i) / 3 of row (k · n + i) % 3.
#define FROM_TWO(n, i, g) ((g) % 3 == 2 ? -1 : (g) % 3 * (n) + (g) / 3)
#define FROM_THIRD(n, i, g) ((g) % 3 == 2 ? (n) + (g) / 3 : (i))
#define LANES_2(F, n, i, k) F(n, i, (k) * (n) + (i)), F(n, (i) + 1, (k) * (n) + (i) + 1)
#define LANES_4(F, n, i, k) LANES_2(F, n, i, k), LANES_2(F, n, (i) + 2, k)
#define LANES_8(F, n, i, k) LANES_4(F, n, i, k), LANES_4(F, n, (i) + 4, k)
#define LANES_16(F, n, i, k) LANES_8(F, n, i, k), LANES_8(F, n, (i) + 8, k)

#define INTERLEAVE(n, type)                                                                                   \
  typedef type FewRow_##type __attribute__((ext_vector_type(n)));                                             \
  INLINE void interleave_3_##type(const FewRow_##type a[], FewRow_##type b[]) {                               \
    FewRow_##type t;                                                                                          \
    t = __builtin_shufflevector(a[0], a[1], LANES_##n(FROM_TWO, n, 0, 0));                                    \
    b[0] = __builtin_shufflevector(t, a[2], LANES_##n(FROM_THIRD, n, 0, 0));                                  \
    t = __builtin_shufflevector(a[0], a[1], LANES_##n(FROM_TWO, n, 0, 1));                                    \
    b[1] = __builtin_shufflevector(t, a[2], LANES_##n(FROM_THIRD, n, 0, 1));                                  \
    t = __builtin_shufflevector(a[0], a[1], LANES_##n(FROM_TWO, n, 0, 2));                                    \
    b[2] = __builtin_shufflevector(t, a[2], LANES_##n(FROM_THIRD, n, 0, 2));                                  \
  }                                                                                                           \
  INLINE void interleave_2_##type(const FewRow_##type a[], FewRow_##type b[]) {                               \
    FewRow_##type first = a[0], second = a[1];                                                                \
    b[0] = __builtin_shufflevector(first, second, INDICES_##n(0));                                            \
    b[1] = __builtin_shufflevector(first, second, INDICES_##n(1));                                            \
  }                                                                                                           \
  INLINE void interleave_4_##type(const FewRow_##type a[], FewRow_##type b[]) {                               \
    FewRow_##type even[2] = {a[0], a[2]}, odd[2] = {a[1], a[3]}, pairs[2];                                    \
    interleave_2_##type(even, even), interleave_2_##type(odd, odd);                                           \
    pairs[0] = even[0], pairs[1] = odd[0], interleave_2_##type(pairs, b);                                     \
    pairs[0] = even[1], pairs[1] = odd[1], interleave_2_##type(pairs, b + 2);                                 \
  }                                                                                                           \
  /* Whole vectors of 2 to 4 rows; returns how many elements of each were moved. */                           \
  INLINE size_t interleave_##type(const char *source, ptrdiff_t source_stride, char *destination, int rows,   \
                                  size_t columns) {                                                           \
    size_t j = 0;                                                                                             \
    for (; j + (n) <= columns; j += (n), destination += rows * (int)sizeof(FewRow_##type)) {                  \
      FewRow_##type a[4], b[4];                                                                               \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                                       \
          memcpy(&a[r], source + r * source_stride + j * sizeof(type), sizeof a[r]);                          \
      if (rows == 2) interleave_2_##type(a, b);                                                               \
      else if (rows == 3) interleave_3_##type(a, b);                                                          \
      else interleave_4_##type(a, b);                                                                         \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                                       \
          memcpy(destination + r * (int)sizeof b[r], &b[r], sizeof b[r]);                                     \
    }                                                                                                         \
    return j;                                                                                                 \
  }

#define BOTH(n, type) BLOCK(n, type) INTERLEAVE(n, type)
BOTH(16, uint8_t)
BOTH(8, uint16_t)
#if LANES == 16
BOTH(16, uint32_t)
BOTH(8, uint64_t)
enum { block_uint32_t = 16, block_uint64_t = 8 };
#elif LANES == 8
BOTH(8, uint32_t)
BOTH(4, uint64_t)
enum { block_uint32_t = 8, block_uint64_t = 4 };
#else
BOTH(4, uint32_t)
BOTH(2, uint64_t)
enum { block_uint32_t = 4, block_uint64_t = 2 };
#endif
enum { block_uint8_t = 16, block_uint16_t = 8 };
#undef BOTH
#undef BLOCK
#undef INTERLEAVE
#undef FROM_TWO
#undef FROM_THIRD
#undef LANES_2
#undef LANES_4
#undef LANES_8
#undef LANES_16
#undef INDICES_2
#undef INDICES_4
#undef INDICES_8
#undef INDICES_16
#undef PAIR

// Element by element, for what blocks leave over.
#define EDGE(type)                                                                                            \
  INLINE void transpose_edge_##type(const char *source, ptrdiff_t source_stride, char *destination,           \
                                    ptrdiff_t destination_stride, size_t rows, size_t columns) {              \
    for (size_t j = 0; j < columns; j++)                                                                      \
      for (size_t i = 0; i < rows; i++)                                                                       \
        memcpy(destination + (ptrdiff_t)j * destination_stride + i * sizeof(type),                            \
               source + (ptrdiff_t)i * source_stride + j * sizeof(type), sizeof(type));                       \
  }                                                                                                           \
  INLINE void transpose_##type(const char *source, ptrdiff_t source_stride, char *destination,                \
                               ptrdiff_t destination_stride, size_t rows, size_t columns) {                   \
    enum { n = block_##type, wide = 64 / sizeof(type) > n ? 64 / sizeof(type) : n };                          \
    if (rows < n && rows <= 4) {                                                                              \
      size_t j = 0;                                                                                           \
      if (destination_stride == (ptrdiff_t)(rows * sizeof(type))) {                                           \
        if (rows == 2) j = interleave_##type(source, source_stride, destination, 2, columns);                 \
        if (rows == 3) j = interleave_##type(source, source_stride, destination, 3, columns);                 \
        if (rows == 4) j = interleave_##type(source, source_stride, destination, 4, columns);                 \
      }                                                                                                       \
      source += j * sizeof(type), destination += (ptrdiff_t)j * destination_stride, columns -= j;             \
      switch (rows) {                                                                                         \
        case 1: transpose_edge_##type(source, source_stride, destination, destination_stride, 1, columns); return;\
        case 2: transpose_edge_##type(source, source_stride, destination, destination_stride, 2, columns); return;\
        case 3: transpose_edge_##type(source, source_stride, destination, destination_stride, 3, columns); return;\
        case 4: transpose_edge_##type(source, source_stride, destination, destination_stride, 4, columns); return;\
        default: break;                                                                                       \
      }                                                                                                       \
    }                                                                                                         \
    size_t i = 0;                                                                                             \
    /* Whole cache lines of the destination before the next rows. */                                          \
    for (; i + n <= rows; ) {                                                                                 \
      size_t height = rows - i < wide ? (rows - i) / n * n : wide, j = 0;                                     \
      for (; j + n <= columns; j += n)                                                                        \
        for (size_t r = i; r < i + height; r += n)                                                            \
          transpose_block_##type(source + (ptrdiff_t)r * source_stride + j * sizeof(type), source_stride,     \
                                 destination + (ptrdiff_t)j * destination_stride + r * sizeof(type),          \
                                 destination_stride);                                                         \
      if (j < columns)                                                                                        \
        transpose_edge_##type(source + (ptrdiff_t)i * source_stride + j * sizeof(type), source_stride,        \
                              destination + (ptrdiff_t)j * destination_stride + i * sizeof(type),             \
                              destination_stride, height, columns - j);                                       \
      i += height;                                                                                            \
    }                                                                                                         \
    if (i < rows)                                                                                             \
      transpose_edge_##type(source + (ptrdiff_t)i * source_stride, source_stride, destination + i * sizeof(type), \
                            destination_stride, rows - i, columns);                                           \
  }
EDGE(uint8_t)
EDGE(uint16_t)
EDGE(uint32_t)
EDGE(uint64_t)
#undef EDGE
