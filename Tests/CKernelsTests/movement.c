// What is in no table: copies between strided arrays, and threads. Both are compared with plain loops.
#include "test.h"

typedef struct {
  ptrdiff_t axes[9];
  MovementWalk walk;
  size_t source_size, destination_size;
} Walk;

// Two or three axes around elements of `size` bytes, the destination dense, sources of any order.
static void walk_any(Walk *w, size_t source_element, size_t destination_element) {
  w->walk = (MovementWalk){.axes = w->axes, .rank = any_size(0, 3)};
  size_t total = 1, reach = source_element, stride = destination_element;
  for (size_t axis = w->walk.rank; axis-- > 0;) {
    ptrdiff_t size = any(1, 5), step = any(0, 2) ? (ptrdiff_t)(source_element + any_size(0, 9)) : 0;
    w->axes[3 * axis] = size;
    w->axes[3 * axis + 1] = step;
    w->axes[3 * axis + 2] = (ptrdiff_t)stride;
    reach += (size_t)((size - 1) * step);
    stride *= (size_t)size;
    total *= (size_t)size;
  }
  w->walk.first = any_size(0, total - 1);
  w->walk.count = any_size(1, total - w->walk.first);
  w->source_size = reach;
  w->destination_size = stride;
}

// Where position `index` of a walk lies, column 1 in the source and 2 in the destination.
static ptrdiff_t place(const Walk *w, size_t index, int column) {
  ptrdiff_t at = 0;
  for (size_t axis = w->walk.rank; axis-- > 0; index /= (size_t)w->axes[3 * axis])
    at += (ptrdiff_t)(index % (size_t)w->axes[3 * axis]) * w->axes[3 * axis + column];
  return at;
}

static void expect_moves(int transposes) {
  Walk w;
  size_t width = transposes ? 1u << any(0, 3) : any_size(1, 17), rows = transposes ? any_size(1, 20) : 1;
  size_t length = any_size(1, 20);
  size_t step = transposes ? width : coin() ? width : any(0, 2) ? width + any_size(0, 5) : 0;
  size_t row = transposes ? length * width + any_size(0, 5) : 0, column = rows * width;
  size_t element = (rows - 1) * row + (length - 1) * step + width;
  walk_any(&w, element, length * column);
  const uint8_t *source = bytes(w.source_size);
  uint8_t *y = bytes(w.destination_size), *expected = NEW(uint8_t, w.destination_size);
  memcpy(expected, y, w.destination_size);
  for (size_t i = w.walk.first; i < w.walk.first + w.walk.count; i++)
    for (size_t r = 0; r < rows; r++)
      for (size_t k = 0; k < length; k++) {
        const uint8_t *from = source + place(&w, i, 1) + r * row + k * step;
        memcpy(expected + place(&w, i, 2) + k * column + r * width, from, width);
      }
  if (transposes)
    movement_transposes(source, y, w.walk, rows, length, width, (ptrdiff_t)row, (ptrdiff_t)column);
  else if (step == width && coin()) movement_runs(source, y, w.walk, length * width);
  else movement_lines(source, y, w.walk, length, width, (ptrdiff_t)step, (ptrdiff_t)width);
  expect(memcmp(y, expected, w.destination_size) == 0, "a copy is not what its source was");
}

static void expect_gathers(void) {
  size_t rows = any_size(1, 9), size = any_size(1, 20), count = any_size(0, 20), outside = 0;
  const uint8_t *source = bytes(rows * size);
  int32_t *indices = integers(count, -(int32_t)rows - 1, (int32_t)rows);
  int64_t *wide = NEW(int64_t, count);
  uint8_t *y = bytes(count * size), *expected = NEW(uint8_t, count * size);
  memcpy(expected, y, count * size);
  for (size_t i = 0; i < count; i++) {
    wide[i] = indices[i];
    int64_t at = indices[i] < 0 ? indices[i] + (int64_t)rows : indices[i];
    if (at < 0 || at >= (int64_t)rows) outside++;
    else memcpy(expected + i * size, source + (size_t)at * size, size);
  }
  int is_wide = coin();
  size_t found = movement_gather(source, rows, size, is_wide ? (void *)wide : (void *)indices, is_wide, count, y);
  expect(found == outside && memcmp(y, expected, count * size) == 0, "a row is not the one that was named");

  size_t columns = any_size(1, 9), stride = columns + any_size(0, 2), parts = 1u << any(0, 2);
  float *sums = floats(extent(rows, stride, columns), 1), *updates = floats(extent(count, stride, columns), 1);
  float *plain = NEW(float, extent(rows, stride, columns));
  memcpy(plain, sums, extent(rows, stride, columns) * 4);
  for (size_t i = 0; i < count; i++) {
    int64_t at = indices[i] < 0 ? indices[i] + (int64_t)rows : indices[i];
    for (size_t j = 0; at >= 0 && at < (int64_t)rows && j < columns; j++)
      plain[(size_t)at * stride + j] += updates[i * stride + j];
  }
  for (size_t part = 0; part < parts; part++)
    found = movement_add_rows(sums, rows, updates, stride, columns, is_wide ? (void *)wide : (void *)indices, is_wide,
                              count, part, parts);
  expect(found == outside && memcmp(sums, plain, extent(rows, stride, columns) * 4) == 0, "a sum of rows is wrong");
}

void test_movement(const KernelTable *t) {
  (void)t;
  expect_moves(0);
  expect_moves(1);
  operands_reset();
  size_t width = any_size(1, 17), count = any_size(0, 3000);
  const uint8_t *element = bytes(width);
  uint8_t *y = bytes(width * count);
  movement_fill(y, element, width, count);
  for (size_t i = 0; i < count; i++) expect(memcmp(y + i * width, element, width) == 0, "a copy differs");
  expect_gathers();
}

enum { rounds = 20 };
typedef struct {
  SpinBarrier barrier;
  uint32_t sums[rounds], wrong;
  float tiny;
} Region;

static void region(void *context, size_t worker, size_t count) {
  Region *r = context;
  volatile float tiny = r->tiny;
  if (tiny * 0.5f != 0) __atomic_add_fetch(&r->wrong, 1, __ATOMIC_RELAXED);
  for (size_t i = 0; i < rounds; i++) {
    __atomic_add_fetch(&r->sums[i], (uint32_t)worker + 1, __ATOMIC_RELAXED);
    spin_barrier_wait(&r->barrier, count);
    if (__atomic_load_n(&r->sums[i], __ATOMIC_RELAXED) != count * (count + 1) / 2)
      __atomic_add_fetch(&r->wrong, 1, __ATOMIC_RELAXED);
  }
}

// All threads pass barriers together and flush denormals, which outside of regions are kept.
void test_threads(const KernelTable *t) {
  (void)t;
  Region r = {.tiny = 1.2e-38f};
  volatile float tiny = r.tiny;
  threadpool_run(any_size(1, 3), region, &r);
  expect(r.wrong == 0, "a thread met a barrier alone, or denormals");
  expect(tiny * 0.5f != 0, "denormals are flushed outside of regions");
  expect(threadpool_cpu_count() > 0, "there are no CPUs");
}
