#include "walk.h"

// Constant sizes let the compiler turn memcpy into a load and a store.
#define FOR_WIDTHS(X) X(1) X(2) X(4) X(8) X(16)

#define RUN(n)                                                \
  case n:                                                     \
    for (size_t i = 0; i < walk.count; i++) {                 \
      memcpy(w.destination, w.source, n);                     \
      walker_advance(&w, walk);                               \
    }                                                         \
    break;

void movement_runs(const void *source, void *destination, MovementWalk walk, size_t size) {
  Walker w;
  walker_start(&w, source, destination, walk);
  switch (size) {
    FOR_WIDTHS(RUN)
    default:
      for (size_t i = 0; i < walk.count; i++) {
        memcpy(w.destination, w.source, size);
        walker_advance(&w, walk);
      }
  }
}

#define LINE(n)                                                                                                 \
  static void line_##n(const char *s, char *d, size_t length, ptrdiff_t ss, ptrdiff_t ds) {                     \
    if (ss == 0 && ds == n) {                                                                                   \
      movement_fill(d, s, n, length);                                                                           \
    } else if (ds == n) {                                                                                       \
      for (size_t i = 0; i < length; i++) memcpy(d + i * n, s + (ptrdiff_t)i * ss, n);                          \
    } else {                                                                                                    \
      for (size_t i = 0; i < length; i++) memcpy(d + (ptrdiff_t)i * ds, s + (ptrdiff_t)i * ss, n);              \
    }                                                                                                           \
  }
FOR_WIDTHS(LINE)

#define LINES(n)                                                                          \
  case n:                                                                                 \
    for (size_t i = 0; i < walk.count; i++) {                                             \
      line_##n(w.source, w.destination, length, source_stride, destination_stride);       \
      walker_advance(&w, walk);                                                           \
    }                                                                                     \
    break;

void movement_lines(const void *source, void *destination, MovementWalk walk, size_t length, size_t width,
                    ptrdiff_t source_stride, ptrdiff_t destination_stride) {
  Walker w;
  walker_start(&w, source, destination, walk);
  switch (width) {
    FOR_WIDTHS(LINES)
    default:
      for (size_t i = 0; i < walk.count; i++) {
        for (size_t k = 0; k < length; k++)
          memcpy(w.destination + (ptrdiff_t)k * destination_stride, w.source + (ptrdiff_t)k * source_stride, width);
        walker_advance(&w, walk);
      }
  }
}

void movement_transposes(const void *source, void *destination, MovementWalk walk, size_t rows, size_t columns,
                         size_t width, ptrdiff_t source_stride, ptrdiff_t destination_stride) {
  const KernelTable *table = kernel_table();
  Walker w;
  walker_start(&w, source, destination, walk);
  for (size_t i = 0; i < walk.count; i++) {
    switch (width) {
      case 1: table->transpose_1(w.source, source_stride, w.destination, destination_stride, rows, columns); break;
      case 2: table->transpose_2(w.source, source_stride, w.destination, destination_stride, rows, columns); break;
      case 4: table->transpose_4(w.source, source_stride, w.destination, destination_stride, rows, columns); break;
      default: table->transpose_8(w.source, source_stride, w.destination, destination_stride, rows, columns);
    }
    walker_advance(&w, walk);
  }
}

// Each copy doubles what is filled, until the filled part leaves the first-level cache.
void movement_fill(void *destination, const void *element, size_t width, size_t count) {
  size_t size = width * count;
  if (size == 0) return;
  if (width == 1) {
    memset(destination, *(const unsigned char *)element, size);
    return;
  }
  char *d = destination;
  memcpy(d, element, width);
  size_t filled = width;
  while (filled < size) {
    size_t limit = filled < 16384 ? filled : 16384 / width * width;
    if (limit == 0) limit = width;
    size_t n = size - filled < limit ? size - filled : limit;
    memcpy(d + filled, d, n);
    filled += n;
  }
}

#define GATHER(n) \
  case n: memcpy(d, s + (size_t)row * n, n); break;

size_t movement_gather(const void *source, size_t rows, size_t row_size, const void *indices, int wide, size_t count,
                       void *destination) {
  size_t outside = 0;
  const char *s = source;
  char *d = destination;
  for (size_t i = 0; i < count; i++, d += row_size) {
    int64_t row = wide ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
    if (row < 0) row += (int64_t)rows;
    if (row < 0 || row >= (int64_t)rows) {
      outside++;
      continue;
    }
    switch (row_size) {
      FOR_WIDTHS(GATHER)
      default: memcpy(d, s + (size_t)row * row_size, row_size);
    }
  }
  return outside;
}

size_t movement_add_rows(float *rows, size_t count, const float *updates, size_t stride, size_t columns,
                         const void *indices, int wide, size_t index_count, size_t part, size_t parts) {
  size_t outside = 0;
  for (size_t i = 0; i < index_count; i++) {
    int64_t row = wide ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
    if (row < 0) row += (int64_t)count;
    if (row < 0 || row >= (int64_t)count) {
      outside++;
      continue;
    }
    if (((size_t)row & (parts - 1)) != part) continue;
    float *restrict to = rows + (size_t)row * stride;
    const float *restrict from = updates + i * stride;
    for (size_t j = 0; j < columns; j++) to[j] += from[j];
  }
  return outside;
}
