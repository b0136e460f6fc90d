// Transpositions.
#include "test.h"

#define TEST(width)                                                                                                  \
  void test_transpose_##width(const KernelTable *t) {                                                                \
    size_t rows = any_size(0, 80), columns = any_size(0, 80);                                                        \
    if (coin()) rows = any_size(0, 9);                                                                               \
    if (coin()) columns = any_size(0, 9);                                                                            \
    size_t from = columns * width + any_size(0, 9), to = rows * width + any_size(0, 9);                              \
    const uint8_t *source = bytes(extent(rows, from, columns * width));                                              \
    size_t size = extent(columns, to, rows * width);                                                                 \
    uint8_t *destination = bytes(size);                                                                              \
    t->transpose_##width(source, (ptrdiff_t)from, destination, (ptrdiff_t)to, rows, columns);                        \
    expect_bytes(destination, size);                                                                                 \
    for (size_t i = 0; i < rows; i++)                                                                                \
      for (size_t j = 0; j < columns; j++)                                                                           \
        expect(memcmp(destination + j * to + i * width, source + i * from + j * width, width) == 0,                  \
               "an element is not where it belongs");                                                                \
  }
TEST(1)
TEST(2)
TEST(4)
TEST(8)
