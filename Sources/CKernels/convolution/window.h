#pragma once
// Kernel rows ky with 0 ≤ origin + ky · dilation < height.
INLINE void window_rows(const Window *w, size_t row, ptrdiff_t *first, ptrdiff_t *count) {
  ptrdiff_t origin = (ptrdiff_t)row * w->stride_y - w->pad_top;
  ptrdiff_t begin = origin < 0 ? (-origin + w->dilation_y - 1) / w->dilation_y : 0;
  ptrdiff_t end = origin < w->height ? (w->height - 1 - origin) / w->dilation_y + 1 : 0;
  if (end > w->kernel_height) end = w->kernel_height;
  *first = begin;
  *count = end > begin ? end - begin : 0;
}

// Output columns whose windows lie inside the image from side to side.
INLINE void window_columns(const Window *w, ptrdiff_t *begin, ptrdiff_t *end) {
  ptrdiff_t reach = (w->kernel_width - 1) * w->dilation_x;
  *begin = (w->pad_left + w->stride_x - 1) / w->stride_x;
  ptrdiff_t last = w->width - 1 - reach + w->pad_left;
  *end = last < 0 ? 0 : last / w->stride_x + 1;
  if (*end > w->output_width) *end = w->output_width;
  if (*begin > *end) *begin = *end;
}

// Whether rows of this window have a body of their own: X(kernel width, stride).
#define WINDOW_BODIES(X) X(3, 1) X(3, 2) X(5, 1) X(5, 2) X(7, 1)

// Neighbouring pixels whose sums are computed together, so that each input and each weight is loaded once for several.
enum { window_pixels = LANES == 16 || HAS_NEON ? 8 : 4 };

// Rows of outputs whose sums are computed together.
#define DEPTHWISE_ROWS(stride) ((stride) == 1 && (LANES == 16 || HAS_NEON) ? 4 : 2)

// The kernel rows of one output row that lie inside the image.
typedef struct {
  const void *x;  // first row, first column, first channel
  ptrdiff_t x_row, count, first;
} WindowRows;
