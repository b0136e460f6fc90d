#include <stdio.h>
#include <stdlib.h>

#include "run.h"

// Results of the recording run, one behind the other.
static struct {
  uint8_t *data;
  size_t size, room, read;
  Findings *findings;
} log_;

void record_begin(void) {
  log_.size = log_.read = 0;
  log_.findings = NULL;
}
void check_begin(Findings *findings) {
  log_.read = 0;
  log_.findings = findings;
}
int is_checking(void) { return log_.findings != NULL; }
void check_end(void) { expect(log_.read == log_.size, "expects less than the portable table"); }

void expect(int holds, const char *what) {
  if (!holds && log_.findings && !*log_.findings->fault)
    snprintf(log_.findings->fault, sizeof log_.findings->fault, "%s", what);
}

// What was recorded of a result, or NULL if it is recorded now.
static const void *recorded(const void *y, size_t size) {
  if (!is_checking()) {
    if (log_.size + size > log_.room) {
      log_.room = 2 * (log_.size + size);
      log_.data = realloc(log_.data, log_.room);
    }
    if (size) memcpy(log_.data + log_.size, y, size);
    log_.size += size;
    return NULL;
  }
  if (log_.read + size > log_.size) {
    expect(0, "expects more than the portable table");
    return NULL;
  }
  log_.read += size;
  return log_.data + log_.read - size;
}

static void compare(double y, double expected, double tolerance, size_t index) {
  Findings *f = log_.findings;
  if (y == expected || (y != y && expected != expected)) return;
  double error = fabs(y - expected) / (fabs(expected) > 1 ? fabs(expected) : 1);
  if (error != error) error = INFINITY;
  if (f->allowed == 0 || error * f->allowed > f->error * tolerance) {
    f->error = error;
    f->allowed = tolerance;
  }
  if (!(error <= tolerance) && !*f->fault)
    snprintf(f->fault, sizeof f->fault, "element %zu is %.9g instead of %.9g", index, y, expected);
}

#define EXPECT(name, type, value)                                  \
  void name(const type *y, size_t count, double tolerance) {       \
    const type *expected = recorded(y, count * sizeof(type));      \
    for (size_t i = 0; expected && i < count; i++) {               \
      type a, b;                                                   \
      memcpy(&a, y + i, sizeof a);                                 \
      memcpy(&b, (const char *)expected + i * sizeof b, sizeof b); \
      compare(value(a), value(b), tolerance, i);                   \
    }                                                              \
  }
static double float16(uint16_t h) {
  int exponent = h >> 10 & 31;
  double magnitude = exponent == 31 ? (h & 1023 ? NAN : INFINITY)
                                    : ldexp((exponent ? 1024 : 0) + (h & 1023), (exponent ? exponent : 1) - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}
EXPECT(expect_floats, float, )
EXPECT(expect_doubles, double, )
EXPECT(expect_halves, uint16_t, widen)
EXPECT(expect_float16, uint16_t, float16)

void expect_bytes(const void *y, size_t size) {
  const uint8_t *expected = recorded(y, size), *actual = y;
  if (!expected) return;
  Findings *f = log_.findings;
  if (f->digest == 0) f->digest = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; i++) {
    f->digest = (f->digest ^ actual[i]) * 0x100000001b3u;
    if (actual[i] != expected[i] && !*f->fault)
      snprintf(f->fault, sizeof f->fault, "byte %zu is %d instead of %d", i, actual[i], expected[i]);
  }
}
