// Copies between strided arrays.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { movement_axis_limit = 32 };

/// The axes that a copy walks through: `rank` triples of size, source stride and destination stride, strides in bytes.
/// Positions `first` to `first + count` are visited, in row-major order.
typedef struct {
  const ptrdiff_t *axes;
  size_t rank, first, count;
} MovementWalk;

/// Copies `size` contiguous bytes at each position.
void movement_runs(const void *source, void *destination, MovementWalk walk, size_t size);

/// Copies `length` elements of `width` bytes at each position, their strides given in bytes; a source stride of 0 repeats
/// the element.
void movement_lines(const void *source, void *destination, MovementWalk walk, size_t length, size_t width,
                    ptrdiff_t source_stride, ptrdiff_t destination_stride);

/// Transposes a `rows` × `columns` matrix of elements of `width` bytes at each position: destination[j][i] = source[i][j].
void movement_transposes(const void *source, void *destination, MovementWalk walk, size_t rows, size_t columns,
                         size_t width, ptrdiff_t source_stride, ptrdiff_t destination_stride);

/// Writes `count` copies of the `width` bytes at `element`.
void movement_fill(void *destination, const void *element, size_t width, size_t count);

/// Copies the rows that `indices` name: result row i is source row indices[i], a negative one counted from the end.
/// Returns how many indices lie outside 0..<rows; their rows are left as they are.
size_t movement_gather(const void *source, size_t rows, size_t row_size, const void *indices, int wide, size_t count,
                       void *destination);

/// rows[indices[i]] += updates[i] in the order of i, for the first `columns` elements of each row; `stride` elements lie
/// between rows of both. Of all rows only those whose number leaves `part` when divided by `parts`, a power of two, are
/// changed. Negative indices are counted from the end. Returns how many indices lie outside 0..<count.
size_t movement_add_rows(float *rows, size_t count, const float *updates, size_t stride, size_t columns,
                         const void *indices, int wide, size_t index_count, size_t part, size_t parts);

#pragma clang assume_nonnull end
